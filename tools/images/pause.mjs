// The process that holds a pod's namespaces: it sleeps until TERM or INT, and reaps what init's children leave.
// As init of its PID namespace it would never see a signal without a handler, unless the signal is blocked: so it
// blocks the three it wants and waits for them, which needs no handler, no libc and 77 bytes of code.

const BASE = 0x400000;
const HEADERS = 64 + 56;

const X64 = [
  '68 02 40 01 00', '31 ff', '48 89 e6', '31 d2', '6a 08', '41 5a', '6a 0e', '58', '0f 05', // rt_sigprocmask(BLOCK, {INT, TERM, CHLD}, 0, 8)
  '48 89 e7', '31 f6', '31 d2', '6a 08', '41 5a', 'b8 80 00 00 00', '0f 05', //                  wait: rt_sigtimedwait(set, 0, 0, 8)
  '83 f8 11', '74 0b', '85 c0', '78 e5', //                                                      CHLD: reap; an error: wait
  '31 ff', '6a 3c', '58', '0f 05', //                                                            exit(0)
  '6a ff', '5f', '31 f6', '6a 01', '5a', '45 31 d2', '6a 3d', '58', '0f 05', //                  reap: wait4(-1, 0, WNOHANG, 0)
  '85 c0', '7f ec', 'eb c8', //                                                                  one more? reap, else wait
].join(' ');

/** A static ELF executable for x86-64 of one read-only segment. */
export function pauseBinary() {
  const code = Buffer.from(X64.replaceAll(' ', ''), 'hex');
  const elf = Buffer.alloc(HEADERS + code.length);
  Buffer.from('7f454c46020101', 'hex').copy(elf); // 64 bits, little-endian, version 1
  elf.writeUInt16LE(2, 16); // executable
  elf.writeUInt16LE(62, 18); // x86-64
  elf.writeUInt32LE(1, 20);
  elf.writeBigUInt64LE(BigInt(BASE + HEADERS), 24); // entry
  elf.writeBigUInt64LE(64n, 32); // program headers
  elf.writeUInt16LE(64, 52);
  elf.writeUInt16LE(56, 54);
  elf.writeUInt16LE(1, 56);
  elf.writeUInt32LE(1, 64); // load
  elf.writeUInt32LE(5, 68); // read and execute
  elf.writeBigUInt64LE(BigInt(BASE), 80);
  elf.writeBigUInt64LE(BigInt(BASE), 88);
  elf.writeBigUInt64LE(BigInt(elf.length), 96);
  elf.writeBigUInt64LE(BigInt(elf.length), 104);
  elf.writeBigUInt64LE(0x1000n, 112);
  code.copy(elf, HEADERS);
  return elf;
}

/** The same for machines whose code is not at hand here; needs busybox as /bin/sh. */
export const pauseScript = `#!/bin/sh
trap 'exit 0' TERM INT
while :; do
  sleep 2147483647 &
  wait $!
done
`;
