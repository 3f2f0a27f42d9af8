import { type IEvent } from 'etcd3';
import { encodeValue } from '../value/value-header';
import { RevisionGatherer } from './revision-gatherer';

function event(type: IEvent['type'], key: string, revision: number, position = 0): IEvent {
  const kv = {
    key: Buffer.from(key), mod_revision: String(revision), create_revision: '1', version: '1', lease: '0',
    value: type === 'Put' ? encodeValue(position, 0, Buffer.from('{}')) : Buffer.alloc(0),
  };
  return { type, kv, prev_kv: kv };
}

describe('RevisionGatherer', () => {
  it('splits a response into its revisions', () => {
    const revisions = new RevisionGatherer().add({ fragment: false, events: [event('Put', 'a', 5), event('Put', 'b', 5, 1), event('Put', 'a', 6)] });
    expect(revisions.map(({ revision, events }) => [revision, events.map(({ key }) => key)])).toEqual([[5, ['a', 'b']], [6, ['a']]]);
  });

  it('waits for all fragments', () => {
    const gatherer = new RevisionGatherer();
    expect(gatherer.add({ fragment: true, events: [event('Put', 'a', 5)] })).toEqual([]);
    expect(gatherer.add({ fragment: true, events: [event('Put', 'b', 5, 1)] })).toEqual([]);
    expect(gatherer.add({ fragment: false, events: [event('Put', 'c', 5, 2)] })[0]?.events).toHaveLength(3);
    expect(gatherer.add({ fragment: false, events: [] })).toEqual([]);
  });

  it('places deletes after the event before them', () => {
    const [revision] = new RevisionGatherer().add({
      fragment: false,
      events: [event('Delete', 'a', 5), event('Put', 'b', 5, 4), event('Delete', 'c', 5), event('Delete', 'd', 5), event('Put', 'e', 5, 9)],
    });
    expect(revision?.events.map(({ resourceVersion }) => resourceVersion - 5 * 1024)).toEqual([0, 4, 5, 6, 9]);
  });
});
