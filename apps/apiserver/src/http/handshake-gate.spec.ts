import { Socket } from 'node:net';
import { HandshakeGate } from './handshake-gate';

describe('HandshakeGate', () => {
  let admitted: Socket[];
  let gate: HandshakeGate;

  beforeEach(() => {
    jest.useFakeTimers();
    admitted = [];
    gate = new HandshakeGate((socket) => admitted.push(socket));
  });
  afterEach(() => {
    gate.close();
    jest.useRealTimers();
  });

  function enter(count: number): Socket[] {
    const sockets = Array.from({ length: count }, () => new Socket());
    for (const socket of sockets) gate.enter(socket);
    return sockets;
  }

  it('lets a few in at once, and a storm at 200 a second, in its order', () => {
    const sockets = enter(500);
    const atOnce = admitted.length;
    expect(atOnce).toBeLessThanOrEqual(20);
    jest.advanceTimersByTime(1_000);
    expect(admitted).toHaveLength(atOnce + 200);
    jest.advanceTimersByTime(10_000);
    expect(admitted).toEqual(sockets);
  });

  it('has its small allowance again after a rest, and no more', () => {
    enter(40);
    jest.advanceTimersByTime(60_000);
    expect(admitted).toHaveLength(40);
    enter(40);
    expect(admitted.length).toBeLessThanOrEqual(60);
    expect(jest.getTimerCount()).toBe(1);
    jest.advanceTimersByTime(60_000);
    expect(jest.getTimerCount()).toBe(0); // an idle server is not woken
  });

  it('spends nothing on those who went away meanwhile', () => {
    const sockets = enter(30);
    for (const socket of sockets.slice(admitted.length, 29)) socket.destroy();
    jest.advanceTimersByTime(50);
    expect(admitted.at(-1)).toBe(sockets[29]);
  });

  it('turns away who would wait longer than a client does', () => {
    const sockets = enter(10_000 + 21);
    expect(sockets.at(-1)?.destroyed).toBe(true);
    expect(sockets.at(0)?.destroyed).toBe(false);
  });

  it('leaves nobody waiting when it closes', () => {
    const sockets = enter(50);
    gate.close();
    expect(sockets.filter(({ destroyed }) => destroyed)).toHaveLength(50 - admitted.length);
  });
});
