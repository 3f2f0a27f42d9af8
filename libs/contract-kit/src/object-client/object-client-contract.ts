import assert from 'node:assert/strict';
import { conflict, forbidden, serviceUnavailable, type ApiError } from '@navarch/apimachinery';
import type { ContractCase } from '../contract-case';
import { resourceOf, type Kept } from './kept-objects';
import type { ObjectServiceDouble, SeenRead, SeenWrite } from './object-service-double';

export interface ObjectClientSubject {
  /** What the client has been pointed at. */
  readonly double: ObjectServiceDouble;
  /** Another of these makes the client write something. */
  readonly stimulus: Kept;
  /** How long the kit looks on to see that a client asks seldom, or not at all. */
  readonly patienceMs: number;
  /** In which it comes to where it is awaited: more than the longest pause that it makes between attempts. */
  readonly comesWithinMs: number;
}

/** Attempts of one kind that are few, for a time of some seconds: at first one tries again soon, then ever less often. */
const few = 12;

const shown = (reads: readonly SeenRead[]): string => reads.map(({ verb, of, from }) => `${verb} ${of}${verb === 'watch' ? ` after ${from}` : ''}`).join(', ') || 'nothing';
const watchesOf = (reads: readonly SeenRead[]): SeenRead[] => reads.filter(({ verb }) => verb === 'watch');
const classesOf = (reads: readonly SeenRead[]): string[] => [...new Set(watchesOf(reads).map(({ of }) => of))];

/** The open watches, one a class that was ever watched, when each has been told all there is. */
async function following({ double, comesWithinMs }: ObjectClientSubject, since = 0): Promise<SeenRead[]> {
  const open = (): SeenRead[] => watchesOf(double.reads.slice(since)).filter(({ state, told }) => state === 'open' && told >= double.objects.version);
  const classes = (): string[] => classesOf(double.reads);
  const all = (): boolean => classes().length > 0 && classes().every((of) => open().some((watch) => watch.of === of));
  assert.ok(await double.until(all, comesWithinMs), `after ${comesWithinMs / 1000} s, not all is watched that was: asked for ${shown(double.reads.slice(since))}`);
  return open();
}

/** Ends all watches, each in its own way, and gives what every class was told before, and the first watch and all snapshots of it afterwards. */
async function interrupted(
  subject: ObjectClientSubject,
  before: (subject: ObjectClientSubject) => void,
  end: (double: ObjectServiceDouble) => void,
): Promise<readonly { readonly told: SeenRead; readonly next: SeenRead; readonly snapshots: readonly SeenRead[] }[]> {
  const { double } = subject;
  await following(subject);
  before(subject);
  const told = await following(subject);
  const mark = double.reads.length;
  end(double);
  await following(subject, mark);
  const since = double.reads.slice(mark);
  return told.map((watch) => {
    const next = watchesOf(since).find(({ of }) => of === watch.of);
    assert.ok(next);
    return { told: watch, next, snapshots: since.filter(({ verb, of }) => verb === 'snapshot' && of === watch.of) };
  });
}

let made = 0;

/** Changes one object of each class that holds one, in a way that means nothing. */
function touchAll({ double }: ObjectClientSubject): void {
  for (const of of classesOf(double.reads)) {
    const wanted = double.reads.find((read) => read.of === of)?.wanted;
    const [object] = wanted === undefined ? [] : double.objects.list(wanted);
    if (object === undefined) continue;
    const { name, namespace = '', labels } = object.metadata;
    double.objects.update({ resource: wanted?.class?.resource, namespace, name }, '', { ...object, metadata: { ...object.metadata, labels: { ...labels, contract: `touched-${(made += 1)}` } } });
  }
  double.changed();
}

/** Makes another object of the kind that the client writes for. @returns its first write, which is answered by `answer` */
async function provoked({ double, stimulus, comesWithinMs }: ObjectClientSubject, answer: (write: SeenWrite) => ApiError | undefined): Promise<SeenWrite> {
  const mark = double.writes.length;
  double.refuse = answer;
  const { name, namespace, labels } = stimulus.metadata;
  double.objects.create(resourceOf(stimulus), {
    ...stimulus,
    metadata: { name: `${name}-${(made += 1)}`, ...(namespace === undefined ? {} : { namespace }), ...(labels === undefined ? {} : { labels }) },
  });
  double.changed();
  const first = (): SeenWrite | undefined => double.writes.slice(mark).find(isOfNote);
  await double.until(() => first() !== undefined, comesWithinMs);
  const found = first();
  assert.ok(found, `nothing was written within ${comesWithinMs / 1000} s of another ${stimulus.kind ?? 'object'}`);
  return found;
}

/** Events and leases are written anew whatever becomes of them. */
const isOfNote = ({ resource }: SeenWrite): boolean => !resource.startsWith('events') && !resource.startsWith('leases');
const isSame = (one: SeenWrite, other: SeenWrite): boolean =>
  one.verb === other.verb &&
  one.resource === other.resource &&
  one.subresource === other.subresource &&
  one.key?.name === other.key?.name &&
  one.key?.namespace === other.key?.namespace;
const shownWrite = ({ verb, key, resource, subresource }: SeenWrite): string => `${verb} ${resource}${subresource === '' ? '' : `/${subresource}`} ${key?.namespace ?? ''}/${key?.name ?? ''}`;

/** Refuses the first write once, and waits until the same object is written. */
async function writesAgain(subject: ObjectClientSubject, refusal: (write: SeenWrite) => ApiError): Promise<void> {
  const { double, comesWithinMs } = subject;
  let refused: SeenWrite | undefined;
  try {
    const first = await provoked(subject, (write) => {
      if (refused !== undefined || !isOfNote(write)) return undefined;
      refused = write;
      return refusal(write);
    });
    // What it does instead may be another verb: an update for a patch. It is the object that counts.
    const again = (): boolean =>
      double.writes
        .slice(double.writes.indexOf(first) + 1)
        .some(
          ({ resource, key, outcome }) =>
            outcome === 'done' && resource === first.resource && key?.name === first.key?.name && key?.namespace === first.key?.namespace,
        );
    assert.ok(await double.until(again, comesWithinMs), `${shownWrite(first)} was not done again within ${comesWithinMs / 1000} s`);
  } finally {
    double.refuse = () => undefined;
  }
}

/** What an object service asks of those who use it. The client runs all the while. */
export const objectClientContract: readonly ContractCase<ObjectClientSubject>[] = [
  {
    name: 'takes a snapshot of what it follows, and watches from the very version of it',
    run: async (subject) => {
      const { double } = subject;
      await following(subject);
      for (const of of classesOf(double.reads)) {
        const first = double.reads.findIndex((read) => read.verb === 'watch' && read.of === of);
        const snapshot = double.reads.slice(0, first).findLast((read) => read.verb === 'snapshot' && read.of === of && read.state === 'ended');
        assert.ok(snapshot, `${of} was watched without a snapshot before`);
        assert.equal(double.reads[first]?.from, snapshot.told, `${of}: the snapshot was true at ${snapshot.told}, the watch began after ${double.reads[first]?.from}`);
      }
    },
  },
  {
    name: 'goes on after the last event it was told when a watch ends, without a new snapshot',
    run: async (subject) => {
      for (const { told, next, snapshots } of await interrupted(subject, touchAll, (double) => double.endWatches())) {
        assert.deepEqual(snapshots, [], `${told.of}: a snapshot was taken although nothing was missing`);
        assert.ok(next.from >= told.lastEvent && next.from <= told.told, `${told.of}: the last event was of version ${told.lastEvent}, the next watch began after ${next.from}`);
      }
    },
  },
  {
    name: 'keeps to bookmarks: goes on after the version of the last one',
    run: async (subject) => {
      const elsewhere = ({ double }: ObjectClientSubject): void => {
        double.objects.advance();
        double.changed();
      };
      for (const { told, next } of await interrupted(subject, elsewhere, (double) => double.endWatches())) {
        assert.equal(next.from, told.told, `${told.of}: the last bookmark was of version ${told.told}, the next watch began after ${next.from}`);
      }
    },
  },
  {
    name: 'takes a new snapshot, and goes on from it, when its version is older than the history that is kept',
    run: async (subject) => {
      const followers = await interrupted(subject, () => undefined, (double) => double.forgetHistory());
      for (const { told, snapshots } of followers) assert.ok(snapshots.length > 0 && snapshots.length <= few, `${told.of}: ${snapshots.length} snapshots were taken`);
    },
  },
  {
    name: 'takes a new snapshot when the history is another one',
    run: async (subject) => {
      const { double, comesWithinMs } = subject;
      await following(subject);
      const classes = classesOf(double.reads);
      const mark = double.reads.length;
      double.beginAnotherHistory();
      const without = (): string[] => classes.filter((of) => !double.reads.slice(mark).some((read) => read.verb === 'snapshot' && read.of === of && read.state === 'ended'));
      assert.ok(await double.until(() => without().length === 0, comesWithinMs), `of ${without().join(', ')} no snapshot was taken`);
      await following(subject, mark);
    },
  },
  {
    name: 'asks ever less often while nobody answers, and comes back',
    run: async (subject) => {
      const { double, patienceMs } = subject;
      await following(subject);
      const mark = double.reads.length;
      double.setDown(true);
      const often = (): string[] => [...new Set(double.reads.slice(mark).map(({ of }) => of))].filter((of) => double.reads.slice(mark).filter((read) => read.of === of).length > few);
      await double.until(() => often().length > 0, patienceMs);
      double.setDown(false);
      assert.deepEqual(often(), [], `${often().join(', ')} was asked for more than ${few} times within ${patienceMs / 1000} s`);
      await following(subject, mark);
    },
  },
  {
    name: 'asks for nothing again while nothing changes',
    run: async (subject) => {
      const { double, patienceMs } = subject;
      await following(subject);
      const mark = double.reads.length;
      const again = (): SeenRead[] => {
        const asked = double.reads.slice(mark);
        return asked.filter((read, index) => read.verb !== 'get' || asked.findIndex(({ of }) => of === read.of) !== index);
      };
      await double.until(() => again().length > 0, patienceMs);
      assert.deepEqual(again(), [], `asked for ${shown(again().slice(0, 3))} within ${patienceMs / 1000} s in which nothing changed`);
    },
  },
  {
    name: 'writes again what was not taken because nobody answered',
    needs: 'writes',
    run: async (subject) => {
      await following(subject);
      await writesAgain(subject, () => serviceUnavailable('nobody answers'));
    },
  },
  {
    name: 'looks again and writes for the newer version when what it writes to has changed meanwhile',
    needs: 'writes',
    run: async (subject) => {
      const { double } = subject;
      await following(subject);
      // What was made for the version before is refused by the double itself.
      await writesAgain(subject, ({ key }) => {
        const target = double.objects.find(key);
        if (target) double.objects.update(key, '', { ...target, metadata: { ...target.metadata, labels: { ...target.metadata.labels, contract: 'changed' } } });
        return conflict(key?.resource ?? { group: '', resource: '' }, key?.name ?? '');
      });
    },
  },
  {
    name: 'does not repeat over and over what is refused for good',
    needs: 'writes',
    run: async (subject) => {
      const { double, patienceMs } = subject;
      await following(subject);
      try {
        const first = await provoked(subject, (write) =>
          isOfNote(write) ? forbidden(write.key?.resource ?? { group: '', resource: '' }, write.key?.name ?? '', 'the contract kit says so') : undefined,
        );
        const times = (): number => double.writes.slice(double.writes.indexOf(first)).filter((write) => isSame(write, first)).length;
        await double.until(() => times() > few, patienceMs);
        assert.ok(times() <= few, `${shownWrite(first)} was tried more than ${few} times within ${patienceMs / 1000} s`);
      } finally {
        double.refuse = () => undefined;
      }
    },
  },
];
