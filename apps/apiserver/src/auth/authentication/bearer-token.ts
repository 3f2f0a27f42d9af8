import type { AuthenticationRequest } from '../../pipeline';

const websocketPrefix = 'base64url.bearer.authorization.k8s.io.';

/** The bearer token of a request: from the Authorization header, or from browsers in a WebSocket subprotocol. */
export function bearerToken({ authorization, headers }: AuthenticationRequest): string | undefined {
  if (authorization !== undefined) {
    const match = /^bearer +(\S+)\s*$/i.exec(authorization);
    return match?.[1];
  }
  const offered = headers['sec-websocket-protocol'];
  if (offered === undefined) return undefined;
  for (const protocol of String(offered).split(',')) {
    const name = protocol.trim();
    if (name.startsWith(websocketPrefix)) return Buffer.from(name.slice(websocketPrefix.length), 'base64url').toString();
  }
  return undefined;
}
