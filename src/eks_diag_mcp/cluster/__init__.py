"""What AWS and Kubernetes say now: nodes, their health, their subnets, add-ons and facts."""
