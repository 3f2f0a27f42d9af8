import { apiVersionOf, core, networking, type KubeObject, type networkingv1, type ResourceType } from '@navarch/api';
import { isAlreadyExists, isConflict, isNotFound } from '@navarch/apimachinery';
import { rest, type Clock } from '@navarch/clock';
import type { Component, Logger } from '@navarch/component-base';
import { after, Controller, done, EventRecorder, keyOfObject, type ObjectKey, type Reconciler, type Result } from '@navarch/reconcile';
import { eventWriter } from '../cluster-objects/event-writer';
import type { ObjectReader, ObjectWriter } from '../pipeline';
import { ipAddressOf } from './ip-address';
import { parentOf, planAddressRepair, planServiceRepair, type RepairNotice } from './plan-repair';
import type { ServiceObject } from './service-claims';

const NAME = 'ipallocator-repair-controller';
/** Upstream's: everything is looked at this often, whether it changed or not. */
const INTERVAL_MS = 180_000;

export interface AddressRepairDeps {
  readonly reader: ObjectReader;
  readonly writer: ObjectWriter;
  /** Whether a range of Service addresses has the address. */
  readonly isInRange: (address: string) => boolean;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Sees to it that each address of a Service is held by an IPAddress that says so, and that none is held for nobody. An address is chosen and
 * held in one step, so it is for what users, or a store that was put back, have done to either. Every server does it. Keys are Services, and,
 * without a namespace, addresses.
 */
export class AddressRepair implements Component, Reconciler {
  readonly name = NAME;
  readonly #deps: AddressRepairDeps;
  readonly #controller: Controller;
  readonly #events: EventRecorder;
  readonly #stopping = new AbortController();
  #endings: (() => void)[] = [];
  #looking: Promise<void> | undefined;

  constructor(deps: AddressRepairDeps) {
    const { writer, clock, log } = deps;
    this.#deps = deps;
    this.#controller = new Controller({ workers: 1 }, { reconciler: this, clock, log });
    this.#events = new EventRecorder({ component: NAME }, { api: eventWriter(writer), clock, log });
  }

  async start(): Promise<void> {
    if (this.#looking) return;
    const { reader } = this.#deps;
    this.#endings = [
      reader.onChange(core.services, ({ object }) => this.#controller.enqueueObject(object)),
      reader.onChange(networking.ipaddresses, ({ object, type }) => {
        this.#controller.enqueueObject(object);
        // Whoever has it without an object must get one.
        const { namespace, name } = parentOf(object);
        if (type === 'delete' && namespace !== '') this.#controller.enqueue({ namespace, name });
      }),
    ];
    this.#looking = this.#lookAtAll();
    await this.#controller.start();
  }

  async stop(): Promise<void> {
    for (const end of this.#endings.splice(0)) end();
    this.#stopping.abort();
    await this.#looking;
    await this.#controller.stop();
    await this.#events.flush();
  }

  reconcile(key: ObjectKey): Promise<Result> {
    return key.namespace === '' ? this.#repairAddress(key.name) : this.#repairService(key);
  }

  async #lookAtAll(): Promise<void> {
    const { reader, clock } = this.#deps;
    while (!this.#stopping.signal.aborted) {
      for (const object of [...reader.list(core.services), ...reader.list(networking.ipaddresses)]) this.#controller.enqueue(keyOfObject(object));
      await rest(clock, INTERVAL_MS, this.#stopping.signal);
    }
  }

  async #repairService({ namespace, name }: ObjectKey): Promise<Result> {
    const { reader, writer, isInRange } = this.#deps;
    const service = this.#service(namespace, name);
    if (service === undefined) return done;
    const repairs = planServiceRepair(service, { isInRange, addressNamed: (address) => reader.get(networking.ipaddresses, '', address), serviceNamed: (space, other) => this.#service(space, other) });
    for (const { address, action, notice } of repairs) {
      if (notice !== undefined) this.#tell(core.services, service, notice);
      if (action === 'recreate') await this.#remove(reader.get(networking.ipaddresses, '', address));
      if (action !== undefined) await writer.create(networking.ipaddresses, ipAddressOf(service, address)).catch(unlessOthers);
    }
    return done;
  }

  async #repairAddress(name: string): Promise<Result> {
    const { reader, clock } = this.#deps;
    const object = reader.get(networking.ipaddresses, '', name);
    if (object === undefined) return done;
    const { namespace, name: parent } = parentOf(object);
    const { notice, againMs } = planAddressRepair(object, this.#service(namespace, parent), clock.now());
    if (notice !== undefined) {
      this.#tell(networking.ipaddresses, object, notice);
      await this.#remove(object);
    }
    return againMs === undefined ? done : after(againMs);
  }

  #service(namespace: string, name: string): ServiceObject | undefined {
    return this.#deps.reader.get(core.services, namespace, name);
  }

  /** That very one: by now another Service may have the address. */
  async #remove(object: networkingv1.IPAddress | undefined): Promise<void> {
    const { name = '', uid = '' } = object?.metadata ?? {};
    if (object !== undefined) await this.#deps.writer.delete(networking.ipaddresses, '', name, { uid }).catch(unlessOthers);
  }

  #tell<T extends KubeObject>(type: ResourceType<T>, object: T, { reason, message }: RepairNotice): void {
    const { namespace, name } = object.metadata;
    this.#deps.log.warn({ namespace, name, reason }, 'address of a Service repaired');
    this.#events.event({ ...object, apiVersion: apiVersionOf(type), kind: type.kind }, 'Warning', reason, message);
  }
}

/** Another server, or a Service in the making, was faster. */
function unlessOthers(error: unknown): void {
  if (!isAlreadyExists(error) && !isNotFound(error) && !isConflict(error)) throw error;
}
