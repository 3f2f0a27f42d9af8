FROM debian:bookworm-slim
RUN apt-get update -q \
 && apt-get install -y -q --no-install-recommends python3-grpc-tools python3-pkg-resources \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /scheduler
# Where it is in the repository too: it looks for the contract from there.
COPY proto/navarch/object proto/navarch/object
COPY examples/swap/scheduler/scheduler.py examples/swap/scheduler/
ENTRYPOINT ["python3", "examples/swap/scheduler/scheduler.py"]
