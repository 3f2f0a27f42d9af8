import { status as Code, type UntypedServiceImplementation } from '@grpc/grpc-js';
import { within, type Clock } from '@navarch/clock';
import { runtimev1 } from '@navarch/proto';
import { callMethod, CriError, type MethodsOf, type SimulatedCri } from '@navarch/simulated-runtime';
import { type CallLimits, type CriClients, type UnaryCalls } from '../runtime/cri-clients';
import { RuntimeError, runtimeError } from '../runtime/runtime-error';

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
  const direct = (name: string) => async (request: unknown, limits: CallLimits): Promise<unknown> => {
    // An answer comes in a later turn of the event loop, as one over a socket does: a thousand pods that start do not keep timers waiting.
    await new Promise(setImmediate);
    return within(clock, { ...limits, reason: () => new RuntimeError(Code.DEADLINE_EXCEEDED, 'context deadline exceeded') }, (signal) => answer(signal, () => callMethod(service, name, request, signal)));
  };
  return Object.fromEntries(Object.keys(definition).map((name) => [name, direct(name)])) as unknown as UnaryCalls<S>;
}

async function answer(signal: AbortSignal, call: () => unknown): Promise<unknown> {
  const isOver = (): boolean => signal.aborted;
  try {
    if (!isOver()) return await call();
  } catch (error) {
    if (!isOver()) throw asRuntimeError(error);
  }
  throw endedBy(signal);
}

/** A call's end before its answer: by its time, or by its caller, whose own reason is nothing to a runtime. */
function endedBy({ reason }: AbortSignal): Error {
  return reason instanceof RuntimeError ? reason : new RuntimeError(Code.CANCELLED, 'context canceled');
}

async function* containerEvents({ runtimeService }: SimulatedCri, signal: AbortSignal): AsyncGenerator<runtimev1.ContainerEventResponse> {
  try {
    yield* runtimeService.getContainerEvents({}, signal);
  } catch (error) {
    if (signal.aborted) return;
    throw asRuntimeError(error);
  }
}

function asRuntimeError(error: unknown): unknown {
  return error instanceof CriError ? runtimeError(error.code, error.message) : error;
}
