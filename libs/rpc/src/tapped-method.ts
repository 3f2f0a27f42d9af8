import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js';
import { isTapped, tellBoundary } from '@navarch/component-base';

type Method = MethodDefinition<unknown, unknown>;

/** The same method, whose messages are told to whoever taps this process: where they become bytes, and where they were. */
export function tappedMethod(method: Method): Method {
  const { path, requestSerialize, requestDeserialize, responseSerialize, responseDeserialize } = method;
  const encode = (direction: 'in' | 'out', serialize: (value: unknown) => Buffer) => (value: unknown): Buffer => {
    const bytes = serialize(value);
    if (isTapped()) tellBoundary({ carrier: 'grpc', direction, what: path, bytes: bytes.length, message: () => value });
    return bytes;
  };
  const decode = (direction: 'in' | 'out', deserialize: (bytes: Buffer) => unknown) => (bytes: Buffer): unknown => {
    const value = deserialize(bytes);
    if (isTapped()) tellBoundary({ carrier: 'grpc', direction, what: path, bytes: bytes.length, message: () => value });
    return value;
  };
  return {
    ...method,
    requestSerialize: encode('out', requestSerialize),
    responseDeserialize: decode('in', responseDeserialize),
    requestDeserialize: decode('in', requestDeserialize),
    responseSerialize: encode('out', responseSerialize),
  };
}

/** A service whose clients and servers tell what crosses, for those that are not made by `connect` or `RpcServer`. */
export function tappedService<Def extends ServiceDefinition>(definition: Def): Def {
  return Object.fromEntries(Object.entries(definition).map(([name, method]) => [name, tappedMethod(method as Method)])) as unknown as Def;
}
