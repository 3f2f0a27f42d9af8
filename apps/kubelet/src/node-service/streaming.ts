import { type nodev1 } from '@navarch/proto';
import { type CallContext } from '@navarch/rpc';
import { dialPort, serveCommand, servePortForward, SpdyRemoteCommand } from '@navarch/streaming';
import { type PodTable } from '../pods/pod-table';
import { type ContainerRuntime } from '../runtime';
import { findAttached, findRunningContainer, findSandbox } from './find-container';

/** Commands, attachments and ports: carried between a gRPC stream and the runtime's streaming server. */
export interface NodeStreaming {
  exec(requests: AsyncIterable<nodev1.ExecRequest>, context: CallContext): AsyncIterable<nodev1.ExecResponse>;
  attach(requests: AsyncIterable<nodev1.AttachRequest>, context: CallContext): AsyncIterable<nodev1.AttachResponse>;
  portForward(requests: AsyncIterable<nodev1.PortForwardRequest>, context: CallContext): AsyncIterable<nodev1.PortForwardResponse>;
}

/** Asks the runtime where to stream to, and carries the bytes. */
export class RuntimeStreaming implements NodeStreaming {
  constructor(private readonly deps: { readonly runtime: ContainerRuntime; readonly table: PodTable; /** Streams end when nothing has passed for so long; 0 for never. */ readonly idleMs: number }) {}

  exec(requests: AsyncIterable<nodev1.ExecRequest>, { signal }: CallContext): AsyncIterable<nodev1.ExecResponse> {
    return serveCommand<nodev1.ExecStart>(requests, async ({ container, command, stdin, stdout, stderr, tty }) => {
      const { id } = findRunningContainer(this.deps.table, container);
      const streams = { stdin, stdout, stderr: stderr && !tty, tty };
      const url = await this.deps.runtime.exec({ containerId: id, cmd: command, ...streams });
      return SpdyRemoteCommand.dial(new URL(url), streams, { signal, idleMs: this.deps.idleMs });
    }, signal);
  }

  attach(requests: AsyncIterable<nodev1.AttachRequest>, { signal }: CallContext): AsyncIterable<nodev1.AttachResponse> {
    return serveCommand<nodev1.AttachStart>(requests, async ({ container, ...asked }) => {
      const { id, streams } = findAttached(this.deps.table, container, asked);
      const url = await this.deps.runtime.attach({ containerId: id, ...streams });
      return SpdyRemoteCommand.dial(new URL(url), streams, { signal, idleMs: this.deps.idleMs });
    }, signal);
  }

  portForward(requests: AsyncIterable<nodev1.PortForwardRequest>, { signal }: CallContext): AsyncIterable<nodev1.PortForwardResponse> {
    return servePortForward(requests, async ({ namespace, pod, podUid, port }) => {
      const { id } = findSandbox(this.deps.table, namespace, pod, podUid);
      const url = await this.deps.runtime.portForward({ podSandboxId: id, port: [port] });
      return dialPort(new URL(url), port, { signal, idleMs: this.deps.idleMs });
    }, signal);
  }
}
