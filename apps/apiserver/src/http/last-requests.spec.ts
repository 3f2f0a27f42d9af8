import { anonymous } from '../pipeline';
import { InFlightLimit } from '../pipeline/in-flight-limit';
import type { Exchange } from './exchange';
import { LastRequests } from './last-requests';

function asking(path: string): { exchange: Exchange; told: () => unknown } {
  const headers: Record<string, string> = {};
  let code = 0;
  const response = { headersSent: false, writableEnded: false, setHeader: (name: string, value: string) => (headers[name] = value), writeHead: (given: number) => (code = given), end: () => undefined };
  const exchange = { id: 'id', status: 0, warnings: [], bytesWritten: 0, info: { path }, request: { method: 'GET', httpVersionMajor: 1, headers: {} }, response };
  return { exchange: exchange as unknown as Exchange, told: () => ({ code, after: headers['Retry-After'], connection: headers['Connection'] }) };
}

it('tells new requests to come again while those under way end, but for those who look after the server', async () => {
  const inFlight = new InFlightLimit({ readOnly: 0, mutating: 0 });
  const last = new LastRequests(true, inFlight);
  inFlight.enter(true, anonymous);
  const pods = asking('/api/v1/pods');
  expect(last.refuse(pods.exchange)).toBeUndefined();
  let ended = false;
  const stopped = last.stop().then(() => (ended = true));
  await last.refuse(pods.exchange);
  expect(pods.told()).toEqual({ code: 429, after: '5', connection: 'close' });
  for (const path of ['/readyz', '/livez/ping', '/healthz', '/metrics']) expect(last.refuse(asking(path).exchange)).toBeUndefined();
  expect(ended).toBe(false);
  inFlight.leave(true);
  await stopped;
});

it('waits for nobody and refuses nobody unless it is wanted', async () => {
  const inFlight = new InFlightLimit({ readOnly: 0, mutating: 0 });
  inFlight.enter(false, anonymous);
  const last = new LastRequests(false, inFlight);
  await last.stop();
  expect(last.refuse(asking('/api/v1/pods').exchange)).toBeUndefined();
});
