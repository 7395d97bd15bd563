package rest

import (
	"log/slog"

	"github.com/gofiber/fiber/v2"
)

// alive tells that the process answers.
func alive(c *fiber.Ctx) error {
	return c.SendString("ok\n")
}

// ready tells whether the process can do its work, for load balancers.
func (s *server) ready(c *fiber.Ctx) error {
	if err := s.Ready(c.UserContext()); err != nil {
		s.log.LogAttrs(c.UserContext(), slog.LevelWarn, "not ready", slog.Any("error", err))
		return c.Status(fiber.StatusServiceUnavailable).SendString("not ready\n")
	}
	return c.SendString("ready\n")
}
