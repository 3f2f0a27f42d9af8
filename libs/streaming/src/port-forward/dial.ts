import type { Duplex } from 'node:stream';

import { dialSpdy, type DialOptions } from '../http/dial-upgrade';
import { SpdyConnection } from '../spdy/spdy-connection';
import { collectText } from '../streams/collect-text';
import { PORT_FORWARD_PROTOCOL } from './types';

const MAX_ERROR_CHARS = 4096;

/**
 * Opens one connection to a port through a server that speaks SPDY: a runtime's streaming server, or a kubelet. Who
 * reads the stream sees it destroyed with an error when the far side tells of one.
 * @throws UpgradeFailed, SpdyStreamRefused or the connection's error
 */
export async function dialPort(url: URL, port: number, options: DialOptions = {}): Promise<Duplex> {
  const { socket } = await dialSpdy(url, [PORT_FORWARD_PROTOCOL], options);
  const connection = new SpdyConnection(socket, { role: 'client' });
  const headers = (kind: string): ReadonlyMap<string, readonly string[]> =>
    new Map([
      ['streamtype', [kind]],
      ['port', [String(port)]],
      ['requestid', ['0']],
    ]);
  try {
    const error = connection.openStream(headers('error'));
    error.end();
    const data = connection.openStream(headers('data'));
    // Only when the error stream ends too is it known how this ended: containerd closes the data first and tells of a refused connection then.
    data.holdEnd();
    void collectText(error, MAX_ERROR_CHARS).then((message) => {
      if (message === '') data.releaseEnd();
      else data.failReading(new Error(message));
    });
    data.once('close', () => {
      connection.close();
    });
    await Promise.all([error.replied, data.replied]);
    return data;
  } catch (error) {
    connection.destroy();
    throw error;
  }
}
