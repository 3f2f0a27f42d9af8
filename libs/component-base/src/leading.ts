import { leaderElection, type leaderElectionFlags } from './common-flags';
import { type Component } from './component';
import { type Config } from './flag-table';
import { LeaderElector, type LeaderElectorDeps } from './leader-election';

/** The component that does the work of a leader: while elected, or with `--leader-elect=false` from start to stop. */
export function leading(config: Config<ReturnType<typeof leaderElectionFlags>>, deps: LeaderElectorDeps): Component {
  return config.leaderElect ? new LeaderElector(leaderElection(config), deps) : new UnelectedLeader(deps);
}

class UnelectedLeader implements Component {
  readonly name = 'leader';
  readonly #stopping = new AbortController();
  #work: Promise<void> | undefined;

  constructor(private readonly deps: Pick<LeaderElectorDeps, 'lead' | 'fail'>) {}

  start(): Promise<void> {
    this.#work ??= this.deps.lead(this.#stopping.signal).catch((error: unknown) => this.deps.fail(error));
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new Error('stopping'));
    await this.#work;
  }
}
