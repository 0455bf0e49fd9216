/* The id that both halves of an event make of it: a purchase's is its order's. */
const sharedId = (event, order) => event == "Purchase" && order;
