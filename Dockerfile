# One image recipe for all services: `--build-arg APP=apiserver` chooses which one an image runs.
#   docker build --target service --build-arg APP=apiserver -t navarch/apiserver .
#   docker build --target node -t navarch/node .
ARG NODE_IMAGE=node:20.20.2-bookworm-slim

# Only what says which packages are needed: a change of code leaves everything up to the packages cached.
FROM ${NODE_IMAGE} AS manifests
WORKDIR /navarch
COPY apps apps
COPY libs libs
RUN find apps libs -type f ! -name package.json -delete && find apps libs -type d -empty -delete
COPY package.json package-lock.json .npmrc ./

# What all services together need at run time, 30 MB: one layer that their images share.
FROM ${NODE_IMAGE} AS runtime-packages
ARG NPM_REGISTRY=
WORKDIR /navarch
COPY --from=manifests /navarch ./
RUN if [ -n "$NPM_REGISTRY" ]; then npm config set registry "$NPM_REGISTRY"; fi \
 && npm ci --no-audit --no-fund --loglevel=error --omit=dev \
 && find node_modules \( -name '*.md' -o -name '*.map' -o -name '*.d.ts' -o -name '*.d.cts' -o -name '*.d.mts' \) -type f -delete

FROM runtime-packages AS build
COPY tools/build-packages.mjs tools/
RUN node tools/build-packages.mjs && npm ci --no-audit --no-fund --loglevel=error --prefer-offline
COPY apps apps
COPY libs libs
COPY tools tools
RUN node tools/transpile.mjs \
 && node tools/bundle.mjs \
 && node tools/field-docs.mjs \
 && find apps libs \( -name src -o -name testing \) -type d -prune -exec rm -rf {} + \
 && find apps libs -name 'tsconfig*.json' -delete

FROM ${NODE_IMAGE} AS service
WORKDIR /navarch
COPY --from=runtime-packages /navarch/node_modules node_modules
COPY --from=build /navarch/libs libs
COPY tools/healthy.mjs tools/healthy.sh tools/tap.mjs tools/
# From here on images differ.
ARG APP
ENV NODE_ENV=production APP=${APP}
COPY --from=build /navarch/apps/${APP} apps/${APP}
# Only root and this user may look: node tools/tap.mjs /tmp/tap.sock
ENV NAVARCH_TAP_SOCKET=/tmp/tap.sock
USER node
HEALTHCHECK --interval=60s --timeout=10s --start-period=20s CMD ["node", "tools/healthy.mjs"]
ENTRYPOINT ["sh", "-c", "exec node apps/$APP/dist/main.js \"$@\"", "--"]

# Everything a node runs, each in a process of its own under `navarch node`.
FROM ${NODE_IMAGE} AS node
RUN apt-get update -q \
 && apt-get install -y -q --no-install-recommends containerd runc containernetworking-plugins nftables iptables iproute2 conntrack busybox-static mount e2fsprogs kmod procps ca-certificates \
 && rm -rf /var/lib/apt/lists/* /usr/share/doc /usr/share/man
ENV NODE_ENV=production APP=navarch
WORKDIR /navarch
COPY --from=runtime-packages /navarch/package.json ./
COPY --from=runtime-packages /navarch/node_modules node_modules
COPY --from=build /navarch/libs libs
COPY --from=build /navarch/apps apps
COPY tools tools
# A new volume takes its owner over: a node with simulated containers runs as this user.
RUN mkdir -p /var/lib/navarch && chown node:node /var/lib/navarch
HEALTHCHECK --interval=60s --timeout=10s --start-period=30s CMD ["bash", "tools/healthy.sh", "10248", "/healthz"]
ENTRYPOINT ["node", "apps/navarch/dist/main.js"]
