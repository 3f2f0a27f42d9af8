import type { KubeObject } from '@navarch/api';
import { parseBoolean } from '@navarch/apimachinery';

type Read = (query: URLSearchParams, rest: string) => unknown;

/** What is false is left out, as in upstream's JSON. */
const flag = (name: string): Read => (query) => (parseBoolean(query.get(name)) === true ? true : undefined);
const text = (name: string): Read => (query) => {
  const value = query.get(name);
  return value === null || value === '' ? undefined : value;
};
const list = <T>(name: string, of: (value: string) => T): Read => (query) => {
  const values = query.getAll(name);
  return values.length === 0 ? undefined : values.map(of);
};
const path: Read = (_query, rest) => (rest === '' ? undefined : rest);

const streams = { stdin: flag('stdin'), stdout: flag('stdout'), stderr: flag('stderr'), tty: flag('tty'), container: text('container') };

/** The fields of the kinds that a connection's options are of. */
const kinds: Readonly<Record<string, Readonly<Record<string, Read>>>> = {
  PodExecOptions: { ...streams, command: list('command', String) },
  PodAttachOptions: streams,
  PodPortForwardOptions: { ports: list('ports', Number) },
  PodProxyOptions: { path }, ServiceProxyOptions: { path }, NodeProxyOptions: { path },
};

/** What a connection is asked to be, as an object for admission: read from the query, and for proxies from the path. It has no metadata. */
export function connectOptions(kind: string, query: URLSearchParams, rest: string): KubeObject {
  const fields = Object.entries(kinds[kind] ?? {}).map(([name, read]) => [name, read(query, rest)] as const);
  return { kind, apiVersion: 'v1', ...Object.fromEntries(fields.filter(([, value]) => value !== undefined)) } as unknown as KubeObject;
}
