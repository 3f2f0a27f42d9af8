import { randomBytes } from 'node:crypto';
import { join } from 'node:path';

import { type Clock } from '@navarch/clock';
import { runtimev1 } from '@navarch/proto';

import { invalidArgument, notFound, unknown } from '../cri-error';
import type { ProcessContext } from '../shell/simulated-process';
import { behaviourOf } from './behaviour';
import { processContext } from './container-context';
import { ContainerEvents } from './event-stream';
import { ImageStore } from './image-store';
import { LiveContainer, type OutputWatcher } from './live-container';
import type { ContainerRecord, SandboxRecord } from './model';
import { PodAddresses } from './pod-addresses';
import { RuntimeRecords, sandboxName } from './runtime-records';
import type { StateStore } from './state-store';
import { nanoseconds, toContainerStatus, toPodSandboxStatus } from './to-cri';

export interface SimulatedRuntimeOptions {
  readonly podCidr: string;
  /** Between StartContainer's call and its answer, where no annotation says otherwise. */
  readonly startDelayMs: number;
  /** Containers have no log files where nobody can read them. */
  readonly writesLogs: boolean;
}

export interface SimulatedRuntimeDeps {
  readonly clock: Clock;
  readonly state: StateStore;
}

const SIGKILL_CODE = 137;
const { CONTAINER_CREATED_EVENT, CONTAINER_STARTED_EVENT, CONTAINER_STOPPED_EVENT, CONTAINER_DELETED_EVENT } = runtimev1.ContainerEventType;

const newId = (): string => randomBytes(32).toString('hex');

/** The sandboxes and containers of one simulated node: CRI's state machine without processes. */
export class SimulatedRuntime {
  readonly events = new ContainerEvents();
  readonly images: ImageStore;
  readonly records = new RuntimeRecords();
  readonly #live = new Map<string, LiveContainer>();
  readonly #addresses: PodAddresses;
  readonly #clock: Clock;
  readonly #state: StateStore;

  constructor(
    private readonly options: SimulatedRuntimeOptions,
    deps: SimulatedRuntimeDeps,
  ) {
    this.#clock = deps.clock;
    this.#state = deps.state;
    this.#addresses = new PodAddresses(options.podCidr);
    this.images = new ImageStore();
  }

  /** Takes over what a former process kept; its running containers go on running. */
  restore(): void {
    const state = this.#state.load();
    for (const image of state.images) this.images.add(image);
    for (const sandbox of state.sandboxes) {
      this.records.addSandbox(sandbox);
      if (sandbox.ready && sandbox.ip !== '') this.#addresses.claim(sandbox.ip);
    }
    for (const container of state.containers) {
      if (!this.records.findSandbox(container.sandboxId)) continue;
      this.#addContainer(container);
      if (container.phase === 'running') this.#runProcess(container, this.#clock.now() - container.startedAt);
    }
  }

  /** Stops all timers; nothing is told or changed. */
  close(): void {
    for (const live of this.#live.values()) live.halt();
  }

  usePodCidr(cidr: string): void {
    try {
      this.#addresses.useCidr(cidr);
    } catch (error) {
      throw invalidArgument((error as Error).message);
    }
  }

  runSandbox(config: runtimev1.PodSandboxConfig, runtimeHandler: string): SandboxRecord {
    const name = sandboxName(config);
    const holder = this.records.holderOf(name);
    if (holder !== undefined) throw unknown(`failed to reserve sandbox name "${name}": name "${name}" is reserved for "${holder}"`);
    const onHostNetwork = config.linux?.securityContext?.namespaceOptions?.network === runtimev1.NamespaceMode.NODE;
    const ip = onHostNetwork ? '' : this.#addresses.allocate();
    if (ip === undefined) throw unknown('failed to setup network for sandbox: no IP addresses available in range set');
    const sandbox: SandboxRecord = { id: newId(), config, runtimeHandler, createdAt: this.#clock.now(), ip, ready: true };
    this.records.addSandbox(sandbox);
    this.#state.saveSandbox(sandbox);
    this.#tell(sandbox.id, sandbox.id, CONTAINER_CREATED_EVENT);
    this.#tell(sandbox.id, sandbox.id, CONTAINER_STARTED_EVENT);
    return sandbox;
  }

  /** Kills its containers and gives its address back; again or for one that is gone it does nothing. */
  stopSandbox(id: string): void {
    const sandbox = this.records.findSandbox(id);
    if (!sandbox?.ready) return;
    for (const container of this.records.containersOf(id)) if (container.phase === 'running') this.#exited(container, SIGKILL_CODE);
    sandbox.ready = false;
    if (sandbox.ip !== '') this.#addresses.release(sandbox.ip);
    this.#state.saveSandbox(sandbox);
    this.#tell(id, id, CONTAINER_STOPPED_EVENT);
  }

  removeSandbox(id: string): void {
    const sandbox = this.records.findSandbox(id);
    if (!sandbox) return;
    this.stopSandbox(id);
    for (const container of this.records.containersOf(id)) this.removeContainer(container.id);
    this.records.deleteSandbox(sandbox);
    this.#state.deleteSandbox(id);
    this.#tell(id, id, CONTAINER_DELETED_EVENT, sandbox);
  }

  createContainer(sandboxId: string, config: runtimev1.ContainerConfig): ContainerRecord {
    const sandbox = this.records.findSandbox(sandboxId);
    if (!sandbox) throw notFound(`failed to find sandbox id ${JSON.stringify(sandboxId)}: not found`);
    if (!sandbox.ready) throw unknown('failed to get sandbox container task: no running task found: not found');
    const reference = config.image?.image ?? '';
    const image = this.images.get(reference);
    if (!image) throw notFound(`failed to resolve image ${JSON.stringify(reference)}: not found`);
    const { name = '', attempt = 0 } = config.metadata ?? {};
    const holder = this.records.containersOf(sandboxId).find(({ config: { metadata } }) => metadata?.name === name && metadata.attempt === attempt);
    if (holder) throw unknown(`failed to reserve container name "${name}": name "${name}" is reserved for "${holder.id}"`);
    const container: ContainerRecord = {
      id: newId(),
      sandboxId,
      config,
      imageId: image.id,
      imageReference: image.tags[0] ?? image.digests[0] ?? image.id,
      logPath: this.options.writesLogs && config.logPath && sandbox.config.logDirectory ? join(sandbox.config.logDirectory, config.logPath) : '',
      behaviour: behaviourOf({
        image: image.tags[0] ?? reference,
        containerName: name,
        containerAnnotations: config.annotations,
        podAnnotations: sandbox.config.annotations,
        defaultStartDelayMs: this.options.startDelayMs,
      }),
      createdAt: this.#clock.now(),
      phase: 'created',
      startedAt: 0,
      finishedAt: 0,
      exitCode: 0,
      reason: '',
    };
    this.#addContainer(container);
    this.#state.saveContainer(container);
    this.#tell(container.id, sandboxId, CONTAINER_CREATED_EVENT);
    return container;
  }

  async startContainer(id: string, signal?: AbortSignal): Promise<void> {
    const container = this.records.container(id);
    if (container.behaviour.startDelayMs > 0) await this.#clock.sleep(container.behaviour.startDelayMs, signal);
    if (container.phase !== 'created') throw unknown(`container "${id}" is in ${CRI_STATE[container.phase]} state`);
    if (!this.records.findSandbox(container.sandboxId)?.ready) throw unknown(`sandbox container "${container.sandboxId}" is not running`);
    const now = this.#clock.now();
    this.#liveOf(id).log.create();
    container.startedAt = now;
    if (container.behaviour.startError !== undefined) {
      Object.assign(container, { phase: 'exited', finishedAt: now, exitCode: 128, reason: 'StartError' });
      this.#state.saveContainer(container);
      throw unknown(`failed to create containerd task: ${container.behaviour.startError}: unknown`);
    }
    container.phase = 'running';
    this.#state.saveContainer(container);
    this.#tell(id, container.sandboxId, CONTAINER_STARTED_EVENT);
    this.#runProcess(container, 0);
  }

  /** TERM, and KILL after the grace; resolves when the process has ended. */
  async stopContainer(id: string, graceMs: number, signal?: AbortSignal): Promise<void> {
    const container = this.records.findContainer(id);
    if (container?.phase !== 'running') return;
    const { ignoreTerm, stopDelayMs, stopExitCode } = container.behaviour;
    const heedsTerm = graceMs > 0 && !ignoreTerm && stopDelayMs <= graceMs;
    const waitMs = heedsTerm ? stopDelayMs : graceMs;
    // It may end by itself while it is being asked to.
    if (waitMs > 0) await this.#liveOf(id).exitWithin(waitMs, signal);
    if (this.records.isRunning(id)) this.#exited(container, heedsTerm ? stopExitCode : SIGKILL_CODE);
  }

  removeContainer(id: string): void {
    const container = this.records.findContainer(id);
    if (!container) return;
    if (container.phase === 'running') this.#exited(container, SIGKILL_CODE);
    this.#liveOf(id).halt();
    this.records.deleteContainer(container);
    this.#live.delete(id);
    this.#state.deleteContainer(id);
    this.#tell(id, container.sandboxId, CONTAINER_DELETED_EVENT);
  }

  updateResources(id: string, resources: runtimev1.LinuxContainerResources | undefined): void {
    const container = this.records.container(id);
    if (!resources) return;
    container.config = { ...container.config, linux: { securityContext: container.config.linux?.securityContext, resources } };
    this.#state.saveContainer(container);
  }

  reopenLog(id: string): void {
    const container = this.records.container(id);
    if (container.phase !== 'running') throw unknown('container is not running');
    this.#liveOf(id).log.reopen();
  }

  saveImages(): void {
    this.#state.saveImages(this.images.list());
  }

  /** What an exec in the container sees. @throws CriError when it does not run */
  execContext(id: string): ProcessContext {
    const container = this.records.container(id);
    if (container.phase !== 'running') throw unknown(`container is in ${CRI_STATE[container.phase]} state`);
    return processContext(this.records.sandbox(container.sandboxId), container, this.#liveOf(id).files);
  }

  /** Resolves when the container has ended or is gone. */
  async waitForExit(id: string, signal: AbortSignal): Promise<void> {
    if (this.records.isRunning(id) && !signal.aborted) await this.#liveOf(id).exit(signal);
  }

  /** Tells of what the main process prints from now on; answers how to stop that. */
  watchOutput(id: string, watcher: OutputWatcher): () => void {
    return this.#liveOf(id).watchOutput(watcher);
  }

  #runProcess(container: ContainerRecord, alreadyRanMs: number): void {
    const live = this.#liveOf(container.id);
    live.run(processContext(this.records.sandbox(container.sandboxId), container, live.files), alreadyRanMs, (code) => this.#exited(container, code));
  }

  #exited(container: ContainerRecord, code: number): void {
    if (container.phase !== 'running') return;
    const live = this.#liveOf(container.id);
    live.halt();
    container.phase = 'exited';
    container.finishedAt = this.#clock.now();
    container.exitCode = code;
    container.reason = code === 0 ? 'Completed' : 'Error';
    this.#state.saveContainer(container);
    this.#tell(container.id, container.sandboxId, CONTAINER_STOPPED_EVENT);
    live.tellOfExit();
  }

  #addContainer(container: ContainerRecord): void {
    this.records.addContainer(container);
    this.#live.set(container.id, new LiveContainer(container, this.#clock));
  }

  #liveOf(id: string): LiveContainer {
    const live = this.#live.get(id);
    if (!live) throw notFound(`an error occurred when try to find container ${JSON.stringify(id)}: not found`);
    return live;
  }

  #tell(containerId: string, sandboxId: string, type: runtimev1.ContainerEventType, gone?: SandboxRecord): void {
    if (!this.events.hasSubscribers) return;
    const sandbox = gone ?? this.records.findSandbox(sandboxId);
    this.events.publish({
      containerId,
      containerEventType: type,
      createdAt: nanoseconds(this.#clock.now()),
      podSandboxStatus: sandbox && toPodSandboxStatus(sandbox),
      containersStatuses: this.records.containersOf(sandboxId).map(toContainerStatus),
    });
  }
}

const CRI_STATE = { created: 'CONTAINER_CREATED', running: 'CONTAINER_RUNNING', exited: 'CONTAINER_EXITED' } as const;
