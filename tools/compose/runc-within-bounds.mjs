#!/usr/bin/env node
// runc for machines that hold back a capability: a privileged container gets all that this machine has, instead of failing for what it has not.
// Docker's engine takes it as a runtime (see engine.mjs).
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';

// By bit, as in linux/capability.h.
const names = [
  'CHOWN', 'DAC_OVERRIDE', 'DAC_READ_SEARCH', 'FOWNER', 'FSETID', 'KILL', 'SETGID', 'SETUID', 'SETPCAP', 'LINUX_IMMUTABLE', 'NET_BIND_SERVICE', 'NET_BROADCAST', 'NET_ADMIN',
  'NET_RAW', 'IPC_LOCK', 'IPC_OWNER', 'SYS_MODULE', 'SYS_RAWIO', 'SYS_CHROOT', 'SYS_PTRACE', 'SYS_PACCT', 'SYS_ADMIN', 'SYS_BOOT', 'SYS_NICE', 'SYS_RESOURCE', 'SYS_TIME',
  'SYS_TTY_CONFIG', 'MKNOD', 'LEASE', 'AUDIT_WRITE', 'AUDIT_CONTROL', 'SETFCAP', 'MAC_OVERRIDE', 'MAC_ADMIN', 'SYSLOG', 'WAKE_ALARM', 'BLOCK_SUSPEND', 'AUDIT_READ', 'PERFMON',
  'BPF', 'CHECKPOINT_RESTORE',
];

/** Takes from a process what this machine has not. */
function confine(process_) {
  const mask = BigInt(`0x${/^CapBnd:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0'}`);
  const held = new Set(names.filter((_, bit) => ((mask >> BigInt(bit)) & 1n) === 1n).map((name) => `CAP_${name}`));
  const sets = process_?.capabilities ?? {};
  for (const set of Object.keys(sets)) sets[set] = sets[set].filter((name) => held.has(name));
}

function edit(file, change) {
  const content = JSON.parse(readFileSync(file, 'utf8'));
  change(content);
  writeFileSync(file, JSON.stringify(content));
}

const args = process.argv.slice(2);
const valueOf = (option) => (args.includes(option) ? args[args.indexOf(option) + 1] : undefined);
const [bundle, file] = [valueOf('--bundle'), valueOf('--process')];
if (bundle !== undefined) edit(join(bundle, 'config.json'), (config) => confine(config.process));
if (file !== undefined) edit(file, confine);
process.exit(spawnSync('runc', args, { stdio: 'inherit' }).status ?? 1);
