import { bootstrapFlowSchemas, bootstrapPriorityLevels, flowcontrol, type flowcontrolv1, type KubeObject, type ResourceType } from '@navarch/api';
import { formatTime, isAlreadyExists, isConflict, isNotFound } from '@navarch/apimachinery';
import { rest, type Clock } from '@navarch/clock';
import type { Component, Logger } from '@navarch/component-base';
import { applyDefaults } from '../codec/decode-body';
import type { ObjectReader, ObjectWriter } from '../pipeline';
import { isUnwanted, reconciledObject, withDangling } from './suggested-objects';

/** Upstream's. */
const ENSURE_EVERY_MS = 60_000;

export interface FlowControlUpkeepDeps {
  readonly reader: ObjectReader;
  readonly writer: ObjectWriter;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Another server, or a user, was faster: what they wrote is seen, and looked at again. */
const isOthers = (error: unknown): boolean => isConflict(error) || isNotFound(error) || isAlreadyExists(error);

/** Brings flow-control objects that were suggested back to what they should be, every minute, and says of schemas whether their level exists. */
export class FlowControlUpkeep implements Component {
  readonly name = 'flow-control-upkeep';
  private readonly stopping = new AbortController();
  private resting = new AbortController();
  private dirty = false;
  private running: Promise<void> | undefined;

  constructor(private readonly deps: FlowControlUpkeepDeps) {}

  start(): Promise<void> {
    const kick = (): void => {
      this.dirty = true;
      this.resting.abort();
    };
    this.deps.reader.onChange(flowcontrol.flowschemas, kick);
    this.deps.reader.onChange(flowcontrol.prioritylevelconfigurations, kick);
    this.running ??= this.loop();
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  /** Restores what is missing or was changed, and takes back what is no longer suggested. */
  async ensure(): Promise<void> {
    await this.ensureAll(flowcontrol.prioritylevelconfigurations, bootstrapPriorityLevels());
    await this.ensureAll<flowcontrolv1.FlowSchema>(flowcontrol.flowschemas, bootstrapFlowSchemas());
  }

  /** Says of every schema whether its level exists. */
  async tellDangling(): Promise<void> {
    const { reader, writer, clock } = this.deps;
    for (const schema of reader.list(flowcontrol.flowschemas)) {
      const exists = reader.get(flowcontrol.prioritylevelconfigurations, '', schema.spec?.priorityLevelConfiguration.name ?? '') !== undefined;
      const changed = withDangling(schema, exists, formatTime(clock.now()));
      if (changed) await unlessOthers(() => writer.update(flowcontrol.flowschemas, changed, 'status'));
    }
  }

  private async ensureAll<T extends KubeObject>(type: ResourceType<T>, wanted: readonly T[]): Promise<void> {
    const { reader, writer } = this.deps;
    for (const object of wanted) {
      const existing = reader.get(type, '', object.metadata.name ?? '');
      if (!existing) {
        await unlessOthers(() => writer.create(type, structuredClone(object)));
        continue;
      }
      const whole = structuredClone(object);
      applyDefaults(whole, type);
      const changed = reconciledObject(existing, whole);
      if (changed) await unlessOthers(() => writer.update(type, changed));
    }
    for (const existing of reader.list(type)) if (isUnwanted(existing, wanted)) await unlessOthers(() => writer.delete(type, '', existing.metadata.name ?? ''));
  }

  private async loop(): Promise<void> {
    const { clock, log } = this.deps;
    const { signal } = this.stopping;
    let ensuredAt = Number.NEGATIVE_INFINITY;
    while (!signal.aborted) {
      this.dirty = false;
      this.resting = new AbortController();
      try {
        if (clock.now() - ensuredAt >= ENSURE_EVERY_MS) {
          await this.ensure();
          ensuredAt = clock.now();
        }
        await this.tellDangling();
      } catch (error) {
        log.warn({ err: error }, 'flow-control objects not kept up, trying again');
      }
      if (!this.isPending()) await rest(clock, Math.max(ENSURE_EVERY_MS - (clock.now() - ensuredAt), 1000), signal, this.resting.signal);
    }
  }

  private isPending(): boolean {
    return this.dirty;
  }
}

async function unlessOthers(write: () => Promise<unknown>): Promise<void> {
  try {
    await write();
  } catch (error) {
    if (!isOthers(error)) throw error;
  }
}
