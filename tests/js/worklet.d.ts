// Names in the thread of the browser's sound, which TypeScript's own library does not declare.

declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}

declare function registerProcessor(name: string, processor: new (options: never) => AudioWorkletProcessor): void;

declare const sampleRate: number;
