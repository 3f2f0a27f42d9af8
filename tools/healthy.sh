#!/bin/bash
# Whether this machine's own http://127.0.0.1:PORT/PATH answers 200: a container's health check that starts no Node, of which 20 a minute would be a load.
#   bash tools/healthy.sh 10248 /healthz
set -e
exec 3<> "/dev/tcp/127.0.0.1/$1"
printf 'GET %s HTTP/1.0\r\nHost: localhost\r\n\r\n' "$2" >&3
read -r _ code _ <&3
[ "$code" = 200 ]
