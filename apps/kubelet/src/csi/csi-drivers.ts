import { CsiDriver } from './csi-driver';
import { type CsiCallObserver } from './observed-node';

/** The CSI drivers that are registered on this node. */
export class CsiDrivers {
  readonly #drivers = new Map<string, CsiDriver>();

  constructor(private readonly onCall?: CsiCallObserver) {}

  get names(): string[] {
    return [...this.#drivers.keys()];
  }

  find(name: string): CsiDriver | undefined {
    return this.#drivers.get(name);
  }

  /** Throws with upstream's text for a driver that is not there. */
  get(name: string): CsiDriver {
    const driver = this.#drivers.get(name);
    if (!driver) throw new Error(`driver name ${name} not found in the list of registered CSI drivers`);
    return driver;
  }

  add(name: string, endpoint: string): CsiDriver {
    this.remove(name);
    const driver = new CsiDriver(name, endpoint, this.onCall);
    this.#drivers.set(name, driver);
    return driver;
  }

  remove(name: string): void {
    this.#drivers.get(name)?.close();
    this.#drivers.delete(name);
  }

  close(): void {
    for (const name of this.names) this.remove(name);
  }
}
