import { changev1, MessagePacker, objectv1, packed } from './index';

const answer = (size: number): objectv1.GetResponse => ({ object: Buffer.alloc(size, 'x') });

describe('packed messages', () => {
  it.each([0, 1, 600, 5_000, 1_200_000, 10])('are what a writer of their own makes of them, of %d bytes', (size) => {
    const bytes = packed(objectv1.GetResponse, answer(size));
    expect(bytes.equals(objectv1.GetResponse.encode(answer(size)).finish())).toBe(true);
    // Their own: what is packed next does not change them.
    packed(objectv1.GetResponse, answer(size + 1));
    expect(bytes.equals(objectv1.GetResponse.encode(answer(size)).finish())).toBe(true);
  });

  it('that cannot be written leave nothing behind for the next', () => {
    const packer = new MessagePacker();
    const heartbeat: changev1.Heartbeat = changev1.Heartbeat.decode(Buffer.alloc(0));
    const wrong = { ...changev1.Change.decode(Buffer.alloc(0)), epoch: 'e', prev: -1n };
    expect(() => packer.pack(changev1.Change, wrong)).toThrow('too large');
    expect(packer.pack(changev1.Heartbeat, heartbeat)).toEqual(changev1.Heartbeat.encode(heartbeat).finish());
  });
});
