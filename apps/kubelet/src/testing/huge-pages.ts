import { accessSync, constants, readFileSync, writeFileSync } from 'node:fs';

const setting = '/proc/sys/vm/nr_hugepages';
const count = (): number => Number(readFileSync(setting, 'utf8'));

/** Not where a container has its settings to look at only, or a kernel none of these. */
function isOurs(): boolean {
  try {
    accessSync(setting, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** Huge pages of the machine, for as long as a test needs them. The kernel may have none to give. */
export class HugePages {
  readonly #before: number | undefined;
  readonly given: boolean;

  constructor(pages: number) {
    this.#before = isOurs() ? count() : undefined;
    if (this.#before === undefined) {
      this.given = false;
      return;
    }
    writeFileSync(setting, String(this.#before + pages));
    this.given = count() >= this.#before + pages;
    if (!this.given) this.giveBack();
  }

  giveBack(): void {
    if (this.#before !== undefined) writeFileSync(setting, String(this.#before));
  }
}
