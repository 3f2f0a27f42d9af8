import { Gauge, type Registry } from 'prom-client';

/** Plug-ins that register themselves, by upstream's name: those whose sockets are there, and those that are taken. */
export class PluginMetrics {
  constructor(private readonly registry: Registry) {}

  /** Shows sockets as they are when somebody looks. */
  follow(sockets: () => { readonly present: Iterable<string>; readonly registered: Iterable<string> }): void {
    const gauge: Gauge<'socket_path' | 'state'> = new Gauge({
      name: 'plugin_manager_total_plugins', help: 'Number of plugins in Plugin Manager', labelNames: ['socket_path', 'state'], registers: [this.registry],
      collect: () => {
        gauge.reset();
        const { present, registered } = sockets();
        for (const path of present) gauge.set({ socket_path: path, state: 'desired_state_of_world' }, 1);
        for (const path of registered) gauge.set({ socket_path: path, state: 'actual_state_of_world' }, 1);
      },
    });
  }
}
