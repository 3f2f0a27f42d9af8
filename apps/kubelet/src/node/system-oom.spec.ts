import { FakeClock } from '@navarch/clock';
import { silentLogger } from '@navarch/component-base';
import { RecordedEvents } from '../testing/recorded-events';
import { KernelMessages, messageOf } from './kernel-messages';
import { SystemOomReader } from './system-oom';
import { SystemOomWatch } from './system-oom-watch';

const invoked = 'stress invoked oom-killer: gfp_mask=0x140cca(GFP_HIGHUSER_MOVABLE|__GFP_COMP), order=0, oom_score_adj=0';
const ofMachine = 'oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,task_memcg=/user.slice,task=stress,pid=41,uid=0';
const ofGroup = 'oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=a,mems_allowed=0,oom_memcg=/kubepods/pod1,task_memcg=/kubepods/pod1/c,task=stress,pid=41,uid=0';
const machineKilled = 'Out of memory: Killed process 41 (stress) total-vm:800kB, anon-rss:700kB';
const groupKilled = 'Memory cgroup out of memory: Killed process 41 (stress (x)) total-vm:800kB';

describe('SystemOomReader', () => {
  it.each<[string, string[], object[]]>([
    ['the machine has none left', [invoked, 'Mem-Info:', ofMachine, machineKilled], [{ process: 'stress', pid: 41 }]],
    ['a group has none left', [invoked, ofGroup, groupKilled], []],
    ['a group has none left, as kernels before 5.0 say it', [invoked, 'Task in /kubepods/pod1/c killed as a result of limit of /kubepods/pod1', groupKilled], []],
    ['the machine has none left, as kernels before 5.0 say it', [invoked, 'Task in /kubepods/pod1/c killed as a result of limit of /', machineKilled], [{ process: 'stress', pid: 41 }]],
    ['a group, then the machine', [invoked, ofGroup, groupKilled, invoked, ofMachine, machineKilled], [{ process: 'stress', pid: 41 }]],
    ['a report whose beginning is lost', [ofMachine, machineKilled], []],
    ['anything else', ['usb 1-1: new device', 'Killed by sysrq'], []],
  ])('tells when %s', (_what, messages, expected) => {
    const reader = new SystemOomReader();
    expect(messages.flatMap((message) => reader.read(message) ?? [])).toEqual(expected);
  });
});

it('finds the text of a record of the kernel\'s log', () => {
  expect([messageOf('6,339,5140900,-;NET: Registered; family\n SUBSYSTEM=net\n'), messageOf('6,1,2,-;short')]).toEqual(['NET: Registered; family', 'short']);
});

describe('SystemOomWatch', () => {
  it('says in the node\'s events whom the kernel ended', async () => {
    const [clock, events] = [new FakeClock(), new RecordedEvents()];
    const told = [[invoked, ofMachine], [machineKilled]];
    const watch = new SystemOomWatch({ clock, events, log: silentLogger, messages: { open: () => Promise.resolve(), close: () => Promise.resolve(), next: () => Promise.resolve(told.shift() ?? []) } });
    await watch.start();
    await clock.advance(2_000);
    await clock.advance(2_000);
    await watch.stop();
    expect(events.lines).toEqual(['SystemOOM: System OOM encountered, victim process: stress, pid: 41']);
    expect(clock.pendingTimers).toBe(0);
  });

  it('does nothing where there is no such log', async () => {
    const clock = new FakeClock();
    const watch = new SystemOomWatch({ clock, events: new RecordedEvents(), log: silentLogger, messages: new KernelMessages('/no/such/log') });
    await watch.start();
    expect(clock.pendingTimers).toBe(0);
    await watch.stop();
  });
});
