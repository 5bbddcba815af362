// The way of a call's voices to the loudspeaker: each with its volume and its meter.
//
// In a secure context a worklet plays them; elsewhere, and where there is none, buffers that are put in line one by one.

const WORKLET = new URL("listen_worklet.js", import.meta.url);
const AHEAD_S = 0.15; // of a buffer before it sounds: pieces come every 0.1 s
const FASTER_FROM_S = 0.25;
const FASTER = 1.04;
const MOST_AHEAD_S = 0.5;
const SMOOTH_S = 0.02;
const METER_SAMPLES = 1024;

/** @typedef {"customer" | "operator"} Side */
/** @type {Side[]} */
export const SIDES = ["customer", "operator"];

/** Voices of both sides; what cannot be told apart is the customer's. */
export class Output {
  /**
   * @param {boolean} live whether it may leave out what comes too late
   * @param {() => void} over called when all past sound has been played
   */
  constructor(live, over) {
    this.live = live;
    this.over = over;
    this.context = new AudioContext({ latencyHint: "interactive" });
    const make = () => {
      const gain = this.context.createGain();
      const meter = this.context.createAnalyser();
      meter.fftSize = METER_SAMPLES;
      meter.connect(gain).connect(this.context.destination);
      return { gain, meter, samples: new Float32Array(METER_SAMPLES) };
    };
    /** @type {Record<Side, ReturnType<typeof make>>} */
    this.voices = { customer: make(), operator: make() };
    /** @type {AudioWorkletNode | null} */
    this.worklet = null;
    this.buffers = new Buffers(this);
    this.closed = false;
  }

  /** Prepares it; resolves to whether the browser lets it sound. */
  async open() {
    await this.context.resume();
    if (this.context.audioWorklet) {
      try {
        await this.context.audioWorklet.addModule(WORKLET);
        if (!this.closed) this.useWorklet();
      } catch {
        // buffers do as well
      }
    }
    return this.context.state === "running";
  }

  useWorklet() {
    const worklet = new AudioWorkletNode(this.context, "voices", {
      numberOfInputs: 0, numberOfOutputs: SIDES.length, outputChannelCount: SIDES.map(() => 1), processorOptions: { live: this.live, voices: SIDES.length },
    });
    SIDES.forEach((side, index) => worklet.connect(this.voices[side].meter, index));
    worklet.port.onmessage = () => this.over();
    this.worklet = worklet;
  }

  /**
   * @param {Side} side
   * @param {number} rate
   * @param {Float32Array<ArrayBuffer>} samples
   */
  play(side, rate, samples) {
    if (this.worklet) this.worklet.port.postMessage({ voice: SIDES.indexOf(side), rate, samples }, [samples.buffer]);
    else this.buffers.play(side, rate, samples);
  }

  /** Nothing more comes: `over` is called when all of it was played. */
  last() {
    if (this.worklet) this.worklet.port.postMessage({ last: true });
    else this.buffers.last();
  }

  /**
   * @param {Side} side
   * @param {number} volume 0 … 1
   */
  setVolume(side, volume) {
    this.voices[side].gain.gain.setTargetAtTime(volume, this.context.currentTime, SMOOTH_S);
  }

  /**
   * @param {Side} side
   * @returns {number} level of a voice now, in dB below the loudest
   */
  level(side) {
    const { meter, samples } = this.voices[side];
    meter.getFloatTimeDomainData(samples);
    const power = samples.reduce((sum, value) => sum + value * value, 0) / samples.length;
    return 10 * Math.log10(power + 1e-10);
  }

  close() {
    this.closed = true;
    this.context.close();
  }
}

/** Buffers in line, where there is no worklet. */
class Buffers {
  /** @param {Output} output */
  constructor(output) {
    this.output = output;
    /** @type {Record<Side, number>} when the next buffer of a side begins, by the clock of the sound */
    this.next = { customer: 0, operator: 0 };
  }

  /**
   * @param {Side} side
   * @param {number} rate
   * @param {Float32Array<ArrayBuffer>} samples
   */
  play(side, rate, samples) {
    const { context, live, voices } = this.output;
    const now = context.currentTime;
    if (live && this.next[side] - now > MOST_AHEAD_S) return;
    const at = this.next[side] > now ? this.next[side] : now + AHEAD_S;
    const buffer = context.createBuffer(1, samples.length, rate);
    buffer.copyToChannel(samples, 0);
    const source = context.createBufferSource();
    source.buffer = buffer;
    const speed = live && at - now > FASTER_FROM_S ? FASTER : 1;
    source.playbackRate.value = speed;
    source.connect(voices[side].meter);
    source.start(at);
    this.next[side] = at + buffer.duration / speed;
  }

  last() {
    const { context, over } = this.output;
    const leftS = Math.max(this.next.customer, this.next.operator) - context.currentTime;
    setTimeout(over, Math.max(leftS, 0) * 1000);
  }
}
