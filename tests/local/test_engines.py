import psycopg2
import redis


def test_postgres_kept_data_after_a_stop_and_a_start(own_postgres):
    with psycopg2.connect(own_postgres.url("evidence_portal")) as connection:
        connection.cursor().execute("CREATE TABLE kept AS SELECT 42 AS number")
    connection.close()
    own_postgres.stop()
    own_postgres.start()
    connection = psycopg2.connect(own_postgres.url("evidence_portal"))
    cursor = connection.cursor()
    cursor.execute("SELECT number FROM kept")
    assert cursor.fetchall() == [(42,)]
    connection.close()


def test_valkey_kept_its_queue_after_a_stop_and_a_start(own_valkey):
    client = redis.Redis.from_url(own_valkey.url().replace("redis+socket:", "unix:"))
    client.rpush("queue", "a task")
    own_valkey.stop()
    own_valkey.start()
    assert client.lrange("queue", 0, -1) == [b"a task"]
    client.close()
