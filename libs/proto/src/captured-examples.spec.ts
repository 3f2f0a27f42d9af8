import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createFileRegistry, fromBinary, fromJsonString, type DescField, type DescMessage } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { readDescriptors } from './descriptors';

const page = readFileSync(join(__dirname, '../../../docs/boundaries.md'), 'utf8');

/** A captured line whose message is one of a contract: of gRPC under the method's path, of NATS under a subject. */
interface Captured {
  readonly line: string;
  readonly kind: string;
  readonly of: string;
  readonly json: string;
}
const captured: readonly Captured[] = [...page.matchAll(/^[→←] (grpc|nats) (\S+) (?:\d+ B )?(\{.*)$/gm)].map(([line, kind = '', of = '', json = '']) => ({ line, kind, of, json }));
/** Another project's contract, of which the tap shows a digest of its own. */
const ofEtcd = /^\/etcdserverpb\./;

/** What subjects carry, by the first of their tokens, and how many those are. */
const subjects: Readonly<Record<string, { readonly message: string; readonly tokens: number }>> = {
  change: { message: 'navarch.change.v1.Change', tokens: 6 }, bookmark: { message: 'navarch.change.v1.Change', tokens: 4 },
  heartbeat: { message: 'navarch.change.v1.Heartbeat', tokens: 2 }, usage: { message: 'navarch.change.v1.Usage', tokens: 2 },
};

/** The line's message without the signs that say where something was cut out. */
const uncut = (json: string): unknown => JSON.parse(json.replaceAll(/\{…\}/g, '{}').replaceAll(/\[…\]/g, '[]').replaceAll(/([{[])…,/g, '$1').replaceAll(/,…(?=[,}\]])/g, ''));

/** Generated code names fields so, which for names in capitals is not as JSON of protobuf does. */
const sameName = (name: string, { name: declared, jsonName, localName }: DescField): boolean => [declared, jsonName, localName].includes(name);
const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
/** What stands in for what is not shown. */
const stands = (value: unknown): boolean => typeof value === 'string' && /^\((\d+ )?hidden\)$/.test(value);

/** Where a value is not what the field can hold; a message's fields each by itself. */
function oddValue(field: DescField, value: unknown, at: string): string[] {
  if (stands(value)) return [];
  switch (field.fieldKind) {
    case 'list': {
      if (!Array.isArray(value)) return [`${at} is a list`];
      return value.flatMap((item: unknown, index) => (field.listKind === 'message' ? oddFields(field.message, item, `${at}[${index}]`) : []));
    }
    case 'map': return isObject(value) ? [] : [`${at} is a map`];
    case 'message': return oddFields(field.message, value, at);
    case 'enum': return field.enum.values.some(({ number }) => number === value) ? [] : [`${at} is one of ${field.enum.typeName}`];
    case 'scalar': return typeof value === 'object' ? [`${at} is no message`] : [];
  }
}

/** Fields of a captured message that the contract does not have. */
function oddFields(message: DescMessage, value: unknown, at = message.typeName): string[] {
  if (!isObject(value)) return [`${at} is a message`];
  return Object.entries(value).flatMap(([name, inner]) => {
    const field = message.fields.find((candidate) => candidate.oneof === undefined && sameName(name, candidate)) ?? message.fields.find((candidate) => sameName(name, candidate));
    if (field !== undefined && !(isObject(inner) && '$case' in inner)) return oddValue(field, inner, `${at}.${name}`);
    const choice = message.oneofs.find(({ localName }) => localName === name);
    const chosen = choice?.fields.find((candidate) => isObject(inner) && sameName(String(inner['$case']), candidate));
    return chosen === undefined ? [`${at} has no ${name}`] : oddValue(chosen, (inner as { value: unknown }).value, `${at}.${chosen.name}`);
  });
}

describe('the captured examples of docs/boundaries.md', () => {
  let registry: ReturnType<typeof createFileRegistry>;
  beforeAll(async () => {
    registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, await readDescriptors()));
  });
  const method = (path: string): readonly DescMessage[] => {
    const [, service = '', name = ''] = path.split('/');
    const found = registry.getService(service)?.methods.find((candidate) => candidate.name === name);
    return found === undefined ? [] : [found.input, found.output];
  };
  const carried = (subject: string): readonly DescMessage[] => {
    const tokens = subject.split('.');
    const known = subjects[tokens[0] ?? ''];
    const message = known?.tokens === tokens.length ? registry.getMessage(known.message) : undefined;
    return message === undefined ? [] : [message];
  };
  const named = (kind: string): Captured[] => captured.filter((line) => line.kind === kind && !ofEtcd.test(line.of));

  it('are all read', () => {
    expect(captured.map(({ line }) => line)).toEqual(page.split('\n').filter((line) => /^[→←] (grpc|nats) /.test(line)));
    expect([named('grpc').length > 20, named('nats').length > 5]).toEqual([true, true]);
  });

  it('are held to the contracts in earnest', () => {
    const [request] = method('/navarch.proxy.v1.DataPlaneService/Sync');
    const odd = { sequence: {}, upsert: [{ id: 'a', adresses: [] }], remove: 'a', protocol: 1 };
    expect(request === undefined ? [] : oddFields(request, odd, 'it')).toEqual(['it.sequence is no message', 'it.upsert[0] has no adresses', 'it.remove is a list', 'it has no protocol']);
    expect([method('/navarch.proxy.v1.DataPlaneService/Forget'), carried('change.core.pods')]).toEqual([[], []]);
  });

  it.each(named('grpc'))('$line', ({ of, json }) => {
    const either = method(of).map((message) => oddFields(message, uncut(json)));
    expect([of, either.some((odd) => odd.length === 0) ? [] : either]).toEqual([of, []]);
  });

  it.each(named('nats'))('$line', ({ of, json }) => expect([of, carried(of).map((message) => oddFields(message, uncut(json)))]).toEqual([of, [[]]]));

  it('ask by buf curl for what there is', () => {
    const asked = [...page.matchAll(/buf curl .*-d '(\{.*\})' .*\/([\w.]+\/\w+)/g)];
    expect(asked.length).toBeGreaterThan(0);
    for (const [, json = '', path = ''] of asked) {
      const [input] = method(`/${path}`);
      expect([path, input?.typeName]).toEqual([path, expect.any(String)]);
      if (input !== undefined) fromJsonString(input, json);
    }
  });
});
