import { status as Code, type UntypedServiceImplementation } from '@grpc/grpc-js';
import { type Clock } from '@navarch/clock';
import { runtimev1 } from '@navarch/proto';
import { CriError, type MethodsOf, type SimulatedCri } from '@navarch/simulated-runtime';
import { type CallLimits, type CriClients, type UnaryCalls } from '../runtime/cri-clients';
import { RuntimeError, runtimeError } from '../runtime/runtime-error';

type Method = (request: unknown, signal: AbortSignal) => unknown;

/** Calls of a simulated runtime in the kubelet's own process: as over a socket, but that nothing becomes bytes. */
export function simulatedCriClients(cri: SimulatedCri, clock: Clock): CriClients {
  return {
    runtime: directCalls<runtimev1.RuntimeServiceServer>(runtimev1.RuntimeServiceService, cri.runtimeService, clock),
    images: directCalls<runtimev1.ImageServiceServer>(runtimev1.ImageServiceService, cri.imageService, clock),
    containerEvents: (signal) => containerEvents(cri, signal),
    close: () => cri.runtime.close(),
  };
}

function directCalls<S extends UntypedServiceImplementation>(definition: object, service: Partial<MethodsOf<S>>, clock: Clock): UnaryCalls<S> {
  const method = (name: string) => async (request: unknown, limits: CallLimits): Promise<unknown> => {
    // An answer comes in a later turn of the event loop, as one over a socket does: a thousand pods that start do not keep timers waiting.
    await new Promise(setImmediate);
    const own = (service as Readonly<Record<string, Method | undefined>>)[name];
    if (!own) throw runtimeError(Code.UNIMPLEMENTED, `method ${name} not implemented`);
    return within(limits, clock, (signal) => own.call(service, request, signal));
  };
  return Object.fromEntries(Object.keys(definition).map((name) => [name, method(name)])) as unknown as UnaryCalls<S>;
}

/** Runs a call, and ends it where its time is over or its caller gives up. */
async function within({ timeoutMs, signal }: CallLimits, clock: Clock, call: (signal: AbortSignal) => unknown): Promise<unknown> {
  if (signal?.aborted) throw new RuntimeError(Code.CANCELLED, 'context canceled');
  const given = new AbortController();
  const cancel = (): void => given.abort(new RuntimeError(Code.CANCELLED, 'context canceled'));
  const timer = timeoutMs === undefined ? undefined : clock.setTimeout(() => given.abort(new RuntimeError(Code.DEADLINE_EXCEEDED, 'context deadline exceeded')), timeoutMs);
  signal?.addEventListener('abort', cancel, { once: true });
  try {
    return await call(given.signal);
  } catch (error) {
    if (given.signal.aborted) throw given.signal.reason;
    throw error instanceof CriError ? runtimeError(error.code, error.message) : error;
  } finally {
    timer?.cancel();
    signal?.removeEventListener('abort', cancel);
  }
}

async function* containerEvents({ runtimeService }: SimulatedCri, signal: AbortSignal): AsyncGenerator<runtimev1.ContainerEventResponse> {
  try {
    yield* runtimeService.getContainerEvents({}, signal);
  } catch (error) {
    if (signal.aborted) return;
    throw error instanceof CriError ? runtimeError(error.code, error.message) : error;
  }
}
