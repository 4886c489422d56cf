export default { apiKey: process.env.PAYLOAD_API_KEY, retries: 3 }
