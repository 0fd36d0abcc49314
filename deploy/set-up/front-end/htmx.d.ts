// htmx is a classic script; this is what the pages' modules use of it.
interface Htmx {
  trigger(element: Element | string, event: string, detail?: object): void;
  process(element: Element): void;
  ajax(verb: string, path: string, context?: Element | string | object): Promise<void>;
  defineExtension(name: string, extension: object): void;
  config: Record<string, unknown>;
}

interface Window {
  htmx: Htmx;
}
