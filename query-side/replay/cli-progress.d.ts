/** What is used of the package, which brings no types. */
declare module 'cli-progress' {
  export interface Options {
    readonly format: string;
    readonly stream: NodeJS.WritableStream;
    readonly noTTYOutput?: boolean;
    readonly notTTYSchedule?: number;
    readonly hideCursor?: boolean;
    readonly barsize?: number;
    readonly etaBuffer?: number;
  }

  export class SingleBar {
    constructor(options: Options);
    start(total: number, startValue: number, payload: Readonly<Record<string, unknown>>): void;
    update(value: number, payload: Readonly<Record<string, unknown>>): void;
    setTotal(total: number): void;
    stop(): void;
  }
}
