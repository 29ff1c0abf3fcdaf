// The declarations match the code: each type is assignable to the other. actual.js is a copy of chat-client.js without declarations beside it.
import type * as actual from './actual.js';
import type * as declared from './chat-client.js';

type Public<T> = { [Name in keyof T]: T[Name] }; // without private fields, which two classes never share
type Client = Public<Omit<declared.ChatClient, 'addEventListener' | typeof Symbol.asyncDispose>>; // for both the declarations say more than a script can
type ActualClient = Public<Omit<actual.ChatClient, 'addEventListener'>>;

export const client = (one: ActualClient): Client => one;
export const back = (one: Client): ActualClient => one;
export const error = (one: Public<actual.ChatException>): Public<Omit<declared.ChatException, never>> => one;
export const connect = (one: Parameters<typeof actual.ChatClient.connect>): Parameters<typeof declared.ChatClient.connect> => one;
export const make = (one: ConstructorParameters<typeof actual.ChatClient>): ConstructorParameters<typeof declared.ChatClient> => one;
export const offered = (one: Exclude<keyof typeof actual, keyof typeof declared>): never => one;
export const missing = (one: Exclude<keyof typeof declared, keyof typeof actual>): never => one;
