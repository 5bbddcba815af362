// Plays the voices of a call in the thread of the browser's sound: a queue for each voice, read at the rate of the output.
//
// While a call is heard live the queues stay short: what comes late is waited for, and what is too much is played a little
// faster, or left out. Past sound is played as it is, to its end.

const TARGET_S = 0.12; // begins to play when so much waits: pieces come every 0.1 s, and never quite evenly
const FASTER_FROM_S = 0.25;
const FASTER = 1.03;
const MOST_S = 0.6;

class Queue {
  constructor() {
    /** @type {Float32Array[]} */
    this.chunks = [];
    this.read = 0; // of the first chunk
    this.waiting = 0; // samples
    this.rate = 8000;
    this.plays = false;
    this.between = 0; // 0 … 1: from the second to the third of the four samples
    this.four = [0, 0, 0, 0];
  }

  /**
   * @param {number} rate
   * @param {Float32Array} samples
   */
  put(rate, samples) {
    this.rate = rate;
    this.chunks.push(samples);
    this.waiting += samples.length;
  }

  next() {
    const [chunk] = this.chunks;
    if (!chunk) return 0;
    const value = chunk[this.read];
    this.read += 1;
    this.waiting -= 1;
    if (this.read === chunk.length) {
      this.chunks.shift();
      this.read = 0;
    }
    return value;
  }

  /** @param {number} samples */
  drop(samples) {
    for (let left = samples; left > 0 && this.waiting > 0; left -= 1) this.next();
  }

  /**
   * Fills one piece of the output.
   * @param {Float32Array} out
   * @param {number} outRate
   * @param {boolean} live
   * @param {boolean} last nothing more comes
   */
  fill(out, outRate, live, last) {
    const waitingS = this.waiting / this.rate;
    if (!this.plays) this.plays = waitingS >= TARGET_S || (last && this.waiting > 0);
    if (live && waitingS > MOST_S) this.drop(Math.round((waitingS - TARGET_S) * this.rate));
    if (!this.plays) return;
    const step = (this.rate / outRate) * (live && waitingS > FASTER_FROM_S ? FASTER : 1);
    const { four } = this;
    for (let index = 0; index < out.length; index += 1) {
      while (this.between >= 1) {
        this.between -= 1;
        four.shift();
        four.push(this.next());
      }
      const [a, b, c, d] = four;
      const x = this.between;
      // Catmull-Rom: a curve through the samples.
      out[index] = b + 0.5 * x * (c - a + x * (2 * a - 5 * b + 4 * c - d + x * (3 * (b - c) + d - a)));
      this.between += step;
    }
    if (this.waiting === 0) this.plays = false;
  }
}

class Voices extends AudioWorkletProcessor {
  /** @param {{processorOptions: {live: boolean, voices: number}}} options */
  constructor({ processorOptions: { live, voices } }) {
    super();
    this.live = live;
    this.last = false;
    this.told = false;
    this.queues = Array.from({ length: voices }, () => new Queue());
    this.port.onmessage = ({ data }) => {
      if (data.last) this.last = true;
      else this.queues[data.voice].put(data.rate, data.samples);
    };
  }

  /**
   * @param {Float32Array[][]} _inputs
   * @param {Float32Array[][]} outputs
   */
  process(_inputs, outputs) {
    this.queues.forEach((queue, index) => queue.fill(outputs[index][0], sampleRate, this.live, this.last));
    if (this.last && !this.told && this.queues.every(({ waiting }) => waiting === 0)) {
      this.told = true;
      this.port.postMessage("over");
    }
    return true;
  }
}

registerProcessor("voices", Voices);
