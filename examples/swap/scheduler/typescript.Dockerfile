FROM node:20.20.2-bookworm-slim
ARG NPM_REGISTRY=
WORKDIR /example
RUN if [ -n "$NPM_REGISTRY" ]; then npm config set registry "$NPM_REGISTRY"; fi \
 && npm install --no-audit --no-fund --loglevel=error tsx@4.23.15 @grpc/grpc-js@1.14.7 @grpc/proto-loader@0.8.1
# Where it is in the repository too: it looks for the contract from there.
COPY proto/navarch/object proto/navarch/object
COPY examples/swap/scheduler/scheduler.ts examples/swap/scheduler/
ENTRYPOINT ["node", "--import", "tsx", "examples/swap/scheduler/scheduler.ts"]
