// navarch.local/web: a page that says which version and which pod served it.

export const entryScript = (version) => `#!/bin/sh
# Serves until TERM; then two more seconds, so that connections sent here meanwhile are still answered.
pod=\${POD_NAME:-$(hostname)}
mkdir -p /www
echo "web:${version} $pod" > /www/index.html
httpd -f -v -p "\${PORT:-80}" -h /www &
server=$!
trap 'echo "web:${version} on $pod stops"; sleep 2; kill $server; exit 0' TERM INT
echo "web:${version} on $pod listens on port \${PORT:-80}"
wait $server
`;

// busybox as Debian builds it crashes on -T; a time limit around the whole transfer serves the same purpose.
export const wgetScript = `#!/bin/sh
limit=
for argument in "$@"; do
  shift
  if [ "$limit" = next ]; then limit=$argument
  else
    case $argument in
      -T | --timeout) limit=next ;;
      -T*) limit=\${argument#-T} ;;
      --timeout=*) limit=\${argument#--timeout=} ;;
      *) set -- "$@" "$argument" ;;
    esac
  fi
done
[ -z "$limit" ] || exec busybox timeout "$limit" busybox wget "$@"
exec busybox wget "$@"
`;

// busybox's shell prefers its own applets to what is in PATH; interactive shells read this file first.
export const shellStart = `wget() { /bin/wget "$@"; }
`;
