import { createSocket, type Socket } from 'node:dgram';
import type { proxyv1 } from '@navarch/proto';
import type { Choose, Listener } from './tcp-listener';

/** As upstream's --udp-timeout had it. */
const idleMs = 250;

interface Flow {
  readonly socket: Socket;
  readonly endpoint: proxyv1.Endpoint;
  readonly timer: NodeJS.Timeout;
}

/** Carries datagrams: a socket a client, for as long as datagrams come. */
export async function listenUdp(address: string, port: number, choose: Choose): Promise<Listener> {
  const type = address.includes(':') ? 'udp6' : 'udp4';
  const listener = createSocket(type);
  const flows = new Map<string, Flow>();
  const end = (key: string): void => {
    const flow = flows.get(key);
    if (flow === undefined) return;
    clearTimeout(flow.timer);
    flows.delete(key);
    flow.socket.close();
  };
  listener.on('message', (message, { address: client, port: clientPort }) => {
    const key = `${client}:${clientPort}`;
    const known = flows.get(key);
    if (known !== undefined) {
      known.timer.refresh();
      known.socket.send(message);
      return;
    }
    const endpoint = choose(client);
    if (endpoint === undefined) return;
    const socket = createSocket(type);
    const flow: Flow = { socket, endpoint, timer: setTimeout(() => end(key), idleMs) };
    flows.set(key, flow);
    // A datagram that finds nobody is lost, as datagrams are.
    socket.on('error', () => end(key));
    socket.on('message', (answer) => {
      flow.timer.refresh();
      listener.send(answer, clientPort, client);
    });
    socket.connect(endpoint.port, endpoint.address, () => socket.send(message));
  });
  await new Promise<void>((resolve, reject) => {
    listener.once('error', reject);
    listener.bind(port, address, resolve);
  });
  listener.on('error', () => undefined);
  return {
    prune: (isKept) => {
      for (const [key, { endpoint }] of [...flows]) if (!isKept(endpoint)) end(key);
    },
    close: () => {
      for (const key of [...flows.keys()]) end(key);
      return new Promise((resolve) => listener.close(() => resolve()));
    },
  };
}
