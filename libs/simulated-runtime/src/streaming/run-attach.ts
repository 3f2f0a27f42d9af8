import { type runtimev1 } from '@navarch/proto';
import { type RemoteCommandSession } from '@navarch/streaming';

import type { SimulatedRuntime } from '../runtime/simulated-runtime';
import { printTo } from './run-exec';

/** Shows a container's output to a client until the container or the client is gone. Simulated processes take no input. */
export async function runAttach(runtime: SimulatedRuntime, request: runtimev1.AttachRequest, session: RemoteCommandSession): Promise<void> {
  const detach = runtime.watchOutput(request.containerId, (stream, text) => {
    printTo(session, stream, text);
  });
  session.stdin?.resume();
  await runtime.waitForExit(request.containerId, session.signal);
  detach();
  await session.exit({ code: 0 });
}
