import { type ApiTables, type ProtobufField } from './api-tables';

/** `io.k8s.api.core.v1.Pod` → `k8s.io.api.core.v1.Pod`: schema and wire format name the same type differently. */
export function messageNameOf(definitionId: string): string {
  return definitionId.replace(/^io\.k8s\./, 'k8s.io.').replace('apiextensions-apiserver', 'apiextensions_apiserver').replace('kube-aggregator', 'kube_aggregator');
}

/** The fields of a message, from whichever table has it. */
export function fieldsOfMessage(tables: Pick<ApiTables, 'goShape' | 'protobuf'>, message: string): readonly ProtobufField[] | undefined {
  return tables.protobuf.messages[message] ?? tables.goShape.messages[message];
}

/** Full name of a message that a field of `inMessage` names: `.k8s.io...` is absolute, `Container` is a neighbour. */
export function resolveMessageName(reference: string, inMessage: string): string {
  return reference.startsWith('.') ? reference.slice(1) : inMessage.slice(0, inMessage.lastIndexOf('.') + 1) + reference;
}

/** The message and those that stand directly in it in JSON. */
export function inlinedMessages(tables: Pick<ApiTables, 'goShape' | 'protobuf'>, message: string): string[] {
  const inline = tables.goShape.inline[message] ?? [];
  const fields = fieldsOfMessage(tables, message) ?? [];
  return [message, ...inline.flatMap((name) => {
    const type = fields.find((field) => field[1] === name)?.[2];
    return type === undefined ? [] : inlinedMessages(tables, resolveMessageName(type.replace(/^optional /, ''), message));
  })];
}
