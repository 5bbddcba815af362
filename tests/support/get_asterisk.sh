#!/bin/bash
# Brings a real Asterisk for the tests: Debian's own packages (unstable has it, stable has not), unpacked into a folder
# beside nothing of the system. Needs no root. Usage: get_asterisk.sh FOLDER
# Afterwards FOLDER/asterisk runs it, FOLDER/modules and FOLDER/data are what asterisk.conf should name.
set -euo pipefail
folder=$(realpath -m "$1")
[ -x "$folder/asterisk" ] && exit 0

work="$folder/apt"
root="$folder/root"
rm -rf "$folder"
mkdir -p "$work"/{lists,archives}/partial "$work"/etc/{preferences.d,apt.conf.d,sources.list.d} "$root"
: > "$work/status"
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
echo "deb [signed-by=$keyring] $mirror unstable main" > "$work/etc/sources.list"
cat > "$work/apt.conf" <<CONF
Dir "$work/";
Dir::State "$work";
Dir::State::status "$work/status";
Dir::State::lists "$work/lists";
Dir::Cache "$work";
Dir::Cache::archives "$work/archives";
Dir::Etc "$work/etc";
Dir::Etc::sourcelist "sources.list";
APT::Sandbox::User "";
APT::Install-Recommends "false";
Acquire::Languages "none";
Acquire::Retries "3";
Acquire::Check-Valid-Until "false"; // mirrors of unstable may stand still for weeks; the signature is checked all the same
CONF
export APT_CONFIG="$work/apt.conf"
apt-get update -q
# An empty status file makes apt fetch everything it needs, the C library included.
apt-get install -q -y --download-only --no-install-recommends asterisk
for package in "$work"/archives/*.deb; do dpkg-deb -x "$package" "$root"; done
rm -rf "$work"

loader=$(find "$root/usr/lib" -mindepth 2 -maxdepth 2 -name 'ld-linux*' -print -quit)
libraries=$(dirname "$loader")
ln -s "$libraries/asterisk/modules" "$folder/modules"
ln -s "$root/usr/share/asterisk" "$folder/data"
cat > "$folder/asterisk.new" <<RUN
#!/bin/sh
exec "$loader" --library-path "$libraries:$libraries/asterisk" "$root/usr/sbin/asterisk" "\$@"
RUN
chmod +x "$folder/asterisk.new"
"$folder/asterisk.new" -V
mv "$folder/asterisk.new" "$folder/asterisk"
