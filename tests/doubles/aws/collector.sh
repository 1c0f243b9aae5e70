#!/usr/bin/env bash
# The log collector of the fake node: it looks at the disk, gathers what the node "has", and packs real bytes.
# Messages and the archive's name are those of the collector script on EKS nodes; what it gathers is laid out for it.
#   collector.sh ROOT INSTANCE_ID CAPTURED      ROOT stands for /, CAPTURED is seconds since 1970
# PATH begins with ROOT/bin, where a node with a full disk has its own df.
set -u
export LANG=C LC_ALL=C
readonly PROGRAM_VERSION="0.7.9"
readonly ROOT="$1" INSTANCE_ID="$2" CAPTURED="$3"
readonly COLLECT_DIR="${ROOT}/tmp/eks-log-collector" LOG_DIR="${ROOT}/var/log"

die() {
  echo -e "\n\tFatal Error! $* Exiting!\n"
  exit 1
}

try() {
  echo "Trying to $*... "
}

check_disk() {
  local threshold_kb=1500000 free_kb
  free_kb=$(df / | awk 'NR > 1 { print $4 }')
  if [[ "${free_kb}" -le "${threshold_kb}" ]]; then
    die "Free space on root volume is less than or equal to $((threshold_kb >> 10))MB, please ensure adequate disk space to collect and store the log files."
  fi
}

gather() {
  mkdir -p "${COLLECT_DIR}" "${LOG_DIR}"
  try "collect common operating system logs"
  cp --recursive --preserve=timestamps "${ROOT}/evidence/." "${COLLECT_DIR}/"
}

pack() {
  try "archive gathered information"
  local stamp
  stamp=$(date --utc --date="@${CAPTURED}" +%Y-%m-%d_%H%M-%Z)
  ARCHIVE="${LOG_DIR}/eks_${INSTANCE_ID}_${stamp}_${PROGRAM_VERSION}.tar.gz"
  tar --create --gzip --format=gnu --sort=name --owner=root --group=root --mtime="@${CAPTURED}" \
    --file "${ARCHIVE}" --directory="${COLLECT_DIR}" . || die "tar could not write ${ARCHIVE}."
}

check_disk
gather
pack
rm --recursive --force "${COLLECT_DIR}"
echo -e "\n\tDone... your bundled logs are located in ${ARCHIVE}\n"
