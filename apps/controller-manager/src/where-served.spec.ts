import { core } from '@navarch/api';
import { noSuchPath, serviceUnavailable } from '@navarch/apimachinery';
import type { ControllerContext } from './context';
import { ControllerWorld } from './testing/controller-world';
import { whereServed } from './where-served';

describe('a controller of a kind that may not be served', () => {
  const types = [{ ...core.configmaps, version: 'v2' }, core.configmaps];
  const started: string[] = [];
  const create = whereServed({
    name: 'sample', types, reads: [core.pods],
    create: (_, { version }) => ({ name: 'inner', start: () => Promise.resolve(void started.push(version)), stop: () => Promise.resolve(void started.push('stopped')) }),
  });
  /** A world whose apiserver answers to lists of a version what it is told to. */
  const worldWith = (answer: (version: string) => Error | undefined): { world: ControllerWorld; context: ControllerContext; infos: string[] } => {
    const world = new ControllerWorld();
    const infos: string[] = [];
    const list: ControllerContext['api']['list'] = ({ version }) => {
      const error = answer(version);
      return error === undefined ? Promise.resolve({ items: [], resourceVersion: 0 }) : Promise.reject(error);
    };
    const context = { ...world.context, api: Object.assign(Object.create(world.context.api) as ControllerContext['api'], { list }), log: { ...world.context.log, info: (_: object, message: string) => void infos.push(message) } };
    return { world, context, infos };
  };
  beforeEach(() => started.splice(0));

  it('works with the first version that is served', async () => {
    const { context } = worldWith((version) => (version === 'v2' ? noSuchPath() : undefined));
    const controller = create(context);
    await controller.start();
    await controller.stop();
    expect(started).toEqual(['v1', 'stopped']);
  });

  it('has what else it reads asked for in full before anybody asks for less', async () => {
    const { world } = worldWith(() => undefined);
    create(world.context);
    world.context.sources.informer(core.pods, { metadataOnly: true });
    expect(() => world.context.sources.informer(core.pods)).not.toThrow();
    await world.stop();
  });

  it('runs another where none is served, if there is one', async () => {
    const other = whereServed({ name: 'sample', types, create: () => { throw new Error('not this one'); }, otherwise: () => ({ name: 'other', start: () => Promise.resolve(void started.push('other')), stop: () => Promise.resolve() }) });
    await other(worldWith(() => noSuchPath()).context).start();
    expect(started).toEqual(['other']);
  });

  it('does nothing, and says so, where none is served', async () => {
    const { context, infos } = worldWith(() => noSuchPath());
    const controller = create(context);
    await controller.start();
    await controller.stop();
    expect(started).toEqual([]);
    expect(infos).toEqual(['controller off: its API is not served']);
  });

  it('asks again when there was no answer', async () => {
    let failures = 2;
    const { world, context } = worldWith(() => (failures-- > 0 ? serviceUnavailable('down') : undefined));
    const controller = create(context);
    const starting = controller.start();
    await world.clock.advance(9_000);
    expect(started).toEqual([]);
    await world.clock.advance(11_000);
    await starting;
    await controller.stop();
    expect(started).toEqual(['v2', 'stopped']);
  });

  it('gives up asking when it is stopped', async () => {
    const { world, context } = worldWith(() => serviceUnavailable('down'));
    const controller = create(context);
    const starting = controller.start();
    await world.settle();
    await controller.stop();
    await starting;
    expect(started).toEqual([]);
  });
});
