/** One metric and its values. */
export interface MetricFamily {
  /** An undefined value is left out. `time`: when it was measured, as the API writes times. */
  add(labels: Readonly<Record<string, string>>, value: number | undefined, time?: string): void;
}

/** Writes metrics that are read at the moment they are asked for, in Prometheus' text format. */
export class MetricText {
  readonly #lines: string[] = [];

  gauge(name: string, help: string): MetricFamily {
    return this.#family(name, help, 'gauge');
  }

  counter(name: string, help: string): MetricFamily {
    return this.#family(name, help, 'counter');
  }

  toString(): string {
    return `${this.#lines.join('\n')}\n`;
  }

  #family(name: string, help: string, type: string): MetricFamily {
    this.#lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
    // Families follow each other, so that each keeps its lines together.
    const at = this.#lines;
    return {
      add: (labels, value, time) => {
        if (value === undefined) return;
        const pairs = Object.entries(labels).map(([label, text]) => `${label}="${text.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n')}"`);
        at.push(`${name}${pairs.length > 0 ? `{${pairs.join(',')}}` : ''} ${value}${time === undefined ? '' : ` ${Date.parse(time)}`}`);
      },
    };
  }
}
