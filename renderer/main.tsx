import { pickConnection } from './host/pick-connection.ts';
pickConnection();
