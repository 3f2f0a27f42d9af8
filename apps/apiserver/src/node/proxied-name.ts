import { badRequest } from '@navarch/apimachinery';

export interface ProxiedName {
  readonly scheme: 'http' | 'https';
  readonly name: string;
  /** Number or name; empty when none is given. */
  readonly port: string;
}

/** `scheme:name:port`, `name:port` or `name`, as proxy paths name pods, services and nodes. @throws badRequest */
export function proxiedName(text: string): ProxiedName {
  const parts = text.split(':');
  const [first = '', second = '', third = ''] = parts;
  if (parts.length === 1) return { scheme: 'http', name: first, port: '' };
  if (parts.length === 2) return { scheme: 'http', name: first, port: second };
  if (parts.length === 3 && (first === '' || first === 'http' || first === 'https')) return { scheme: first === 'https' ? 'https' : 'http', name: second, port: third };
  throw badRequest(`invalid proxy target name ${JSON.stringify(text)}`);
}
