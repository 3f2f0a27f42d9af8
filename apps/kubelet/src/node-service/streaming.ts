import { type nodev1 } from '@navarch/proto';
import { type CallContext } from '@navarch/rpc';

/** Commands, attachments and ports: carried between a gRPC stream and the runtime's streaming server. */
export interface NodeStreaming {
  exec(requests: AsyncIterable<nodev1.ExecRequest>, context: CallContext): AsyncIterable<nodev1.ExecResponse>;
  attach(requests: AsyncIterable<nodev1.AttachRequest>, context: CallContext): AsyncIterable<nodev1.AttachResponse>;
  portForward(requests: AsyncIterable<nodev1.PortForwardRequest>, context: CallContext): AsyncIterable<nodev1.PortForwardResponse>;
}
