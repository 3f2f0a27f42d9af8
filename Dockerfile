# One image recipe for all services: `--build-arg APP=apiserver` chooses which one an image runs.
ARG NODE_IMAGE=node:20.20.2-bookworm-slim

# Dependencies and the build, shared by all images: rebuilt only when package files or sources change.
FROM ${NODE_IMAGE} AS build
ARG NPM_REGISTRY=
WORKDIR /navarch
COPY package.json package-lock.json .npmrc tsconfig.base.json ./
COPY apps apps
COPY libs libs
COPY tools tools
RUN if [ -n "$NPM_REGISTRY" ]; then npm config set registry "$NPM_REGISTRY"; fi \
 && npm ci --no-audit --no-fund \
 && node_modules/.bin/tsc -b apps/*/tsconfig.lib.json \
 && node tools/field-docs.mjs \
 && npm prune --omit=dev --no-audit --no-fund \
 && find apps libs -name src -type d -prune -exec rm -rf {} +

FROM ${NODE_IMAGE}
ARG APP
ENV NODE_ENV=production APP=${APP}
WORKDIR /navarch
COPY --from=build /navarch/package.json ./
COPY --from=build /navarch/node_modules node_modules
COPY --from=build /navarch/libs libs
COPY --from=build /navarch/apps apps
USER node
ENTRYPOINT ["sh", "-c", "exec node apps/$APP/dist/main.js \"$@\"", "--"]
